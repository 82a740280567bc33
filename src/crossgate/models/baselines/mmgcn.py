"""MMGCN: a graph with a node for every utterance and modality, and deep graph convolution over it.

Hu, Liu, Zhao, Jin, "MMGCN: Multimodal fusion via deep graph convolution network for emotion recognition in
conversation", ACL 2021, arXiv 2107.06779. Public code: hujingwen6666/MMGCN, model_mm.py (MM_GCN and its
create_big_adj), model_GCN.py (GCNII_lyc, GraphConvolution), model.py (DialogueGCNModel with graph_type MMGCN)
and run.sh for the settings. The convolution is GCNII with the wide weight: Chen, Wei, Huang, Ding, Li,
"Simple and deep graph convolutional networks", ICML 2020:

    H_l = relu((1 - theta) ((1 - alpha) P H + alpha H_0) + theta [P H ; H_0] W),  theta = log(lambda / l + 1)

with P the normalised adjacency, H the layer before and H_0 the first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.baselines.answer import single_view
from crossgate.models.baselines.bc_lstm import ContextLstm
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views

ALPHA = 0.1
"""Share of the first layer in every later one; model.py."""
LAMBDA = 0.5
"""How fast the weights fade to the identity with depth; model.py."""
TEXT_LAYERS = 2
"""LSTM layers over the text; model.py."""
NEARLY_ONE = 0.99999
"""Factor on every cosine: the arc cosine has no slope at 1; model_mm.py."""


def similarity(cosine: Tensor) -> Tensor:
    """Angular similarity 1 - arccos(cosine) / pi, in 0 to 1."""
    return 1 - torch.acos(cosine * NEARLY_ONE) / math.pi


def adjacency(nodes: Tensor, turns: Tensor) -> Tensor:
    """Weights of the edges before normalisation.

    All utterances of a conversation are joined within a modality, each with itself too, and the modalities of
    an utterance with each other; other nodes are not. No further factor is on the edges between modalities:
    that is MM-DFN's `modal_weight`, 1 by default.

    Args:
        nodes: (batch, modality, turn, feature).
        turns: (batch, turn) bool; False is padding, which has no edge.

    Returns:
        (batch, modality * turn, modality * turn), symmetric, the turns of the first modality first.
    """
    batch, modalities, length, _ = nodes.shape
    # A vector of zeros has no angle: here its cosines are 0, where the code divides by 0.
    directions = nn.functional.normalize(nodes, dim=-1)
    weights = similarity(torch.einsum("bmsf,bntf->bmsnt", directions, directions))
    same_modality = torch.eye(modalities, dtype=torch.bool, device=nodes.device)[:, None, :, None]
    same_turn = torch.eye(length, dtype=torch.bool, device=nodes.device)[None, :, None, :]
    real = turns[:, None, :, None, None] & turns[:, None, None, None, :]
    weights = weights * ((same_modality | same_turn) & real)
    return weights.reshape(batch, modalities * length, modalities * length)


def normalised(weights: Tensor) -> Tensor:
    """Symmetric normalisation D^-1/2 A D^-1/2 with D the sums of rows; a node without edges stays without.

    Args:
        weights: (batch, node, node), 0 or more.
    """
    degrees = weights.sum(dim=-1)
    # Where there is no edge, any degree will do, except 0, which has no inverse and no gradient.
    scale = torch.where(degrees > 0, degrees, torch.ones_like(degrees)).rsqrt()
    return scale[..., None] * weights * scale[..., None, :]


class GraphConvolution(nn.Module):
    """One layer of GCNII with the wide weight.

    Args:
        hidden: width of the nodes.
        depth: number of the layer, from 1.
    """

    def __init__(self, hidden: int, depth: int) -> None:
        super().__init__()
        self.theta = math.log(LAMBDA / depth + 1)
        self.linear = nn.Linear(2 * hidden, hidden, bias=False)
        # The code's own start, wider than torch's for this shape.
        nn.init.uniform_(self.linear.weight, -(hidden**-0.5), hidden**-0.5)

    def forward(self, nodes: Tensor, first: Tensor, edges: Tensor) -> Tensor:
        """The nodes after this layer.

        Args:
            nodes: (batch, node, feature), of the layer before.
            first: (batch, node, feature), of the first layer.
            edges: (batch, node, node), normalised.
        """
        spread = torch.bmm(edges, nodes)
        kept = (1 - ALPHA) * spread + ALPHA * first
        changed = self.linear(torch.cat([spread, first], dim=-1))
        return torch.relu(self.theta * changed + (1 - self.theta) * kept)


class Mmgcn(Network):
    """MMGCN; see `Network` for the arguments. `settings.layers` is the depth of the graph convolution."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        # Nodes are twice as wide as the graph's layers: 200 and 100 in the code.
        hidden, wide = settings.hidden, 2 * settings.hidden
        # No activation after these, as in the code.
        self.project = nn.ModuleDict({m: nn.Linear(dimensions[m], wide) for m in self.modalities})
        # Context for the text only, as in run.sh; the code has it for the others behind a switch, off.
        if "text" in self.modalities:
            self.text_context = ContextLstm(wide, hidden, TEXT_LAYERS, settings.dropout)
        self.speaker = nn.Embedding(settings.speakers, wide)
        self.narrow = nn.Linear(wide, hidden)
        # run.sh asks for 4 layers, but that option does not reach MM_GCN, which always has 64. Ours are
        # `layers`, to be tuned as for all networks.
        self.layers = nn.ModuleList(GraphConvolution(hidden, depth + 1) for depth in range(settings.layers))
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(len(self.modalities) * (wide + hidden), emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`."""
        encoded = []
        for k, m in enumerate(self.modalities):
            # A modality that is missing keeps its node, with the bias of its projection for content: the
            # authors' files have zeros there, and their code takes no notice.
            x = self.project[m](values[m] * present[k, ..., None])
            encoded.append(self.text_context(x, turns) if m == "text" else x)
        # The code adds the speaker to the text alone; without text, which it cannot do, to the first of the
        # others. Speakers are numbered within the conversation and the last number is shared, where the code
        # has MELD's nine columns.
        encoded[0] = encoded[0] + self.speaker(speakers.clamp(max=self.settings.speakers - 1))
        nodes = torch.stack(encoded, dim=1)
        # The edges learn too: the code does not detach them.
        edges = normalised(adjacency(nodes, turns))
        start = self.dropout(nodes.flatten(1, 2))
        first = x = torch.relu(self.narrow(start))
        for layer in self.layers:
            x = layer(self.dropout(x), first, edges)
        # Per utterance again: each modality's node before the graph, then after it.
        both = torch.cat([start, self.dropout(x)], dim=-1).reshape(*nodes.shape[:3], -1)
        # As in the code: what was dropped from is dropped from once more, and the relu is of the whole.
        features = torch.relu(self.dropout(both.transpose(1, 2).flatten(2)))
        return single_view(self.views, features, self.head(features), present, turns)
