"""bc-LSTM: bidirectional LSTMs over the conversation, one a modality, then one over what they found.

Poria, Cambria, Hazarika, Majumder, Zadeh, Morency, "Context-dependent sentiment analysis in user-generated
videos", ACL 2017, doi 10.18653/v1/P17-1081: the hierarchical fusion of its contextual LSTM. Public code:

- soujanyaporia/multimodal-sentiment-analysis, model.py and run.py, the authors' own: level one is a recurrent
  layer each modality, a dense layer (tanh) and a softmax; level two the same over the concatenated dense
  layers, its own dense layer being relu.
- declare-lab/MELD, baseline/baseline.py: bidirectional LSTMs with the softmax right on them, two over one
  modality, whose outputs are kept, or one over the features of two.
- declare-lab/conv-emotion, bc-LSTM-pytorch/train_IEMOCAP.py and train_MELD.py, which the field copies: two
  bidirectional layers, a dense layer (relu) and a softmax over the text alone; the line that concatenates the
  modalities is commented out.

We build the paper's two levels with the authors' dense layers: the copies have no fusion to compare with.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from crossgate.conversation import Modality
from crossgate.models.baselines.answer import single_view
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


class ContextLstm(nn.Module):
    """Bidirectional LSTM over the turns of conversations.

    Args:
        features: length of the input vectors.
        hidden: width of each direction.
        layers: LSTM layers.
        dropout: between layers.
    """

    def __init__(self, features: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            features,
            hidden,
            layers,
            batch_first=True,
            # With a single layer there is no between, and torch warns.
            dropout=dropout if layers > 1 else 0.0,
            bidirectional=True,
        )

    def forward(self, x: Tensor, turns: Tensor) -> Tensor:
        """Read conversations; padding is never read, so that the way back starts at the last turn.

        Args:
            x: (batch, turn, feature).
            turns: (batch, turn) bool; False is padding, which follows the turns.

        Returns:
            (batch, turn, 2 hidden), the past's half first; 0 at padding.
        """
        # Packing refuses an empty conversation; reading one turn of padding does no harm there.
        lengths = turns.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[1])
        return read


class BcLstm(Network):
    """The hierarchical bc-LSTM; see `Network` for the arguments. It does not know who speaks."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        # One width where the authors have 300 in the LSTMs, 100 in the first dense layers and 500 in the
        # second; depth is ours to set too, theirs is 1.
        hidden, layers, dropout = settings.hidden, settings.layers, settings.dropout
        # An LSTM as in the paper; the authors' code of today has a GRU.
        self.context = nn.ModuleDict(
            {m: ContextLstm(dimensions[m], hidden, layers, dropout) for m in self.modalities}
        )
        self.dense = nn.ModuleDict({m: nn.Linear(2 * hidden, hidden) for m in self.modalities})
        # With one modality there is nothing to fuse: level one is then the whole, as in the paper's unimodal
        # rows.
        self.several = len(self.modalities) > 1
        if self.several:
            self.fused_context = ContextLstm(len(self.modalities) * hidden, hidden, layers, dropout)
            self.fused_dense = nn.Linear(2 * hidden, hidden)
        # One rate everywhere. The authors drop 0.6 of the LSTM's and 0.9 of the dense layer's output.
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`."""
        found = []
        for k, m in enumerate(self.modalities):
            x = self.context[m](values[m] * present[k, ..., None], turns)
            found.append(torch.tanh(self.dense[m](self.dropout(x))))
        # The authors train level one first, with a softmax each modality, and keep the dense layers' outputs
        # of its best epoch on the test set as fixed input of level two. Here all is trained at once from the
        # last softmax: the protocol has one training a model and no look at the test set.
        features = torch.cat(found, dim=-1)
        if self.several:
            x = self.fused_context(features, turns)
            features = torch.relu(self.fused_dense(self.dropout(x)))
        return single_view(self.views, features, self.head(self.dropout(features)), present, turns)
