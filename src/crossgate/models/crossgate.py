"""The network of the paper as reconstructed, readable from top to bottom.

Zhao, Ren, Zhou: Cross-modal gated feature enhancement for multimodal emotion recognition in conversations,
Scientific Reports 15, 30004 (2025). Its abstract is all that was public to us: the equations are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.attention import Relations, sinusoids
from crossgate.models.context import ContextEncoder, ContextLayer
from crossgate.models.fusion import GatedMixture
from crossgate.models.gates import GuidedPairs, UnimodalGuide
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.stacked import Drop, DropMasks, StackedLinear, dropout_masks, normalized, pick
from crossgate.models.views import Views, view_names


class CrossGate(Network):
    """Context, guided gates, gated mixture, and a head for every view.

    Args:
        settings: sizes and switches.
        dimensions: length of the feature vector of each modality the corpus has, one to three of them.
        emotions: size of the label set.
    """

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        count, hidden = len(self.modalities), settings.hidden
        self.pairs = list(combinations(range(count), 2))
        self.views = view_names(self.modalities)

        self.project = nn.ModuleDict({m: nn.Linear(dimensions[m], hidden) for m in self.modalities})
        self.input_dropout = nn.Dropout(settings.input_dropout)
        self.speaker = nn.Embedding(settings.speakers, hidden)
        nn.init.normal_(self.speaker.weight, std=0.02)
        self.relations = Relations(settings.heads) if settings.relations else None
        self.inner = max(1, round(settings.feedforward * hidden))
        steps = settings.normalize_steps
        self.context = ContextEncoder(count, hidden, settings.heads, settings.layers, self.inner, steps)
        self.unimodal_guide = (
            UnimodalGuide(count, hidden, settings.heads, settings.gate_rank, steps)
            if settings.unimodal_guide and count > 1
            else None
        )
        self.fuse_pairs = (
            GuidedPairs(self.pairs, hidden, settings.gate_rank, settings.third_guide, steps)
            if self.pairs
            else None
        )
        self.mix = GatedMixture(hidden, settings.gate_rank)
        self.heads = StackedLinear(len(self.views), hidden, emotions)

    def forward(
        self,
        values: Mapping[Modality, Tensor],
        present: Tensor,
        speakers: Tensor,
        turns: Tensor,
        masks: DropMasks | None = None,
    ) -> Views:
        """Read conversations.

        Args:
            values: per modality (batch, turn, feature), standardised; anything finite where not present.
            present: (modality, batch, turn) bool, modalities in the order of `self.modalities`.
            speakers: (batch, turn) int, order of first appearance in the conversation.
            turns: (batch, turn) bool; False is padding.
            masks: those of dropout in training, as `draw_masks` draws them; None draws them now.

        Returns:
            the views; what stands at padding means nothing.
        """
        if self.training and masks is None:
            masks = self.draw_masks(turns.shape[0], turns.shape[1], turns.device)
        drop = Drop(masks)
        present = present & turns
        # 1. Encode: each modality in the light of its own conversation.
        x = torch.stack([self.project[m](self._read(values[m], m)) for m in self.modalities])
        x = x * present[..., None].to(x.dtype)
        who = self.speaker(speakers.clamp(max=self.settings.speakers - 1))
        x = x + sinusoids(x.shape[2], x.shape[3], x.device).to(x.dtype) + who
        bias = self.relations(speakers) if self.relations is not None else None
        reach = self._reach(turns)
        h = self.context(drop(x), present[:, :, None, :] & reach, bias, drop)
        # 2. Strengthen each modality, guided by the others.
        if self.unimodal_guide is not None:
            h = self.unimodal_guide(h, present[:, :, None, :] & reach, bias, drop)
        # 3. Fuse pairs under the third.  4. Fuse all.
        pairs, gates, complete = self._fuse_pairs(h, present, drop)
        singles_too = self.settings.mix_singles or pairs is None
        sources = h if pairs is None else torch.cat((pairs, h)) if singles_too else pairs
        usable = self._usable(present, complete, singles_too)
        mixed, weights = self.mix(sources, usable)
        # 5. Seven views, seven heads.
        features, valid = self._views(h, pairs, mixed, present, complete)
        logits = self.heads(drop(features))
        return Views(
            self.views, logits, features, valid, None if self.training else self._shares(weights, gates)
        )

    def _read(self, values: Tensor, modality: Modality) -> Tensor:
        """Features of one modality as its projection takes them."""
        values = self.input_dropout(values)
        return normalized(values) if modality in self.settings.normalize_inputs else values

    def draw_masks(self, batch: int, turns: int, device: torch.device) -> DropMasks | None:
        """Dropout masks of one pass, drawn by torch; None without dropout."""
        settings = self.settings
        if not settings.dropout:
            return None

        def draw(*shape: int) -> Tensor:
            return dropout_masks(shape, settings.dropout, device)

        guide = self.unimodal_guide is not None
        places = 1 + ContextLayer.DROPS * settings.layers + 1 + guide + (self.fuse_pairs is not None)
        inside = settings.layers if settings.drop_inside else 0
        asked = inside + guide if settings.drop_inside else 0
        return DropMasks(
            draw(places, batch, turns, settings.hidden),
            draw(asked, batch, settings.heads, turns, turns),
            draw(inside, batch, turns, self.inner),
        )

    def _reach(self, turns: Tensor) -> Tensor:
        """Which turn may look at which: (1, query turn, key turn), all of them or only the past."""
        length = turns.shape[1]
        every = torch.ones(1, length, length, dtype=torch.bool, device=turns.device)
        return every.tril() if self.settings.causal else every

    def _fuse_pairs(
        self, u: Tensor, present: Tensor, drop: Drop
    ) -> tuple[Tensor | None, Tensor | None, Tensor]:
        """Pairs and gates (pair, batch, turn, feature), and where both members are present."""
        if self.fuse_pairs is None:
            return None, None, present[:0]
        first, second = (list(side) for side in zip(*self.pairs, strict=True))
        pairs, gates = self.fuse_pairs(u, present, drop)
        return pairs, gates, pick(present, first) & pick(present, second)

    def _usable(self, present: Tensor, complete: Tensor, singles_too: bool) -> Tensor:
        """Sources of the mixture: complete pairs; where there is none, pairs with one member present."""
        if not self.pairs:
            return present
        first, second = (list(side) for side in zip(*self.pairs, strict=True))
        either = pick(present, first) | pick(present, second)
        pairs = complete | (either & ~complete.any(dim=0))
        return torch.cat((pairs, present)) if singles_too else pairs

    def _views(
        self, u: Tensor, pairs: Tensor | None, mixed: Tensor, present: Tensor, complete: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Features and validity of the views in the order of `self.views`."""
        some = present.any(dim=0, keepdim=True)
        if pairs is None:
            return mixed[None], some
        if len(self.pairs) == 1:  # with two modalities the full view is the pair
            return torch.cat((u, mixed[None])), torch.cat((present, some))
        return torch.cat((u, pairs, mixed[None])), torch.cat((present, complete, some))

    def _shares(self, weights: Tensor, gates: Tensor | None) -> Tensor:
        """Mixture weights, a pair's split by its gate, averaged over features: (batch, turn, modality)."""
        shares = [torch.zeros_like(weights[0, ..., 0]) for _ in self.modalities]
        for index, (m, n) in enumerate(self.pairs):
            assert gates is not None
            shares[m] = shares[m] + (weights[index] * gates[index]).mean(dim=-1)
            shares[n] = shares[n] + (weights[index] * (1 - gates[index])).mean(dim=-1)
        for m, single in enumerate(weights[len(self.pairs) :]):
            shares[m] = shares[m] + single.mean(dim=-1)
        return torch.stack(shares, dim=-1)
