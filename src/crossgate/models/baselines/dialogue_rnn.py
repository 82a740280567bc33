"""DialogueRNN: a state for the conversation, one for every party, one for the emotion of who speaks.

Majumder, Poria, Hazarika, Mihalcea, Gelbukh, Cambria, "DialogueRNN: An attentive RNN for emotion detection in
conversations", AAAI 2019, doi 10.1609/aaai.v33i01.33016818. Public code: declare-lab/conv-emotion,
DialogueRNN/model.py (DialogueRNNCell, MatchingAttention and BiModel, which the paper calls BiDialogueRNN+Att)
and train_IEMOCAP.py, train_MELD.py for the settings.

For utterance u of speaker s at turn t, with the global states g, party states q and emotion states e:

    g_t = GRU_g([u ; q_s], g_{t-1})
    c_t = sum over i < t of a_i g_i,  a = softmax(g_i . W u)
    q_s = GRU_p([u ; c_t], q_s); the other parties keep theirs
    e_t = GRU_e(q_s, e_{t-1})

A second cell reads the conversation backwards; every turn then attends to the emotion states of all turns. A
party is known by what it said alone: exchanging the numbers of two speakers changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.baselines.answer import single_view
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


@dataclass(frozen=True)
class Memory:
    """What a cell knows after some turns.

    Attributes:
        past: (batch, past turn, hidden), the global state after each of them.
        parties: (batch, party, hidden).
        emotion: (batch, hidden), of the last speaker at the last turn.
        attention: (batch, past turn), how much each turn before the last one gave to its context; sums to 1
            over them, without any entry after the first turn.
    """

    past: Tensor
    parties: Tensor
    emotion: Tensor
    attention: Tensor


@dataclass(frozen=True)
class Heard:
    """What the cell's states take from utterances alone, which is known before the first turn is read.

    Attributes:
        for_global: (batch, turn, 3 hidden), for the gates of the global state.
        for_party: (batch, turn, 3 hidden), for those of the speaker's.
        sought: (batch, turn, hidden), what each utterance looks for in the past.
    """

    for_global: Tensor
    for_party: Tensor
    sought: Tensor

    def at(self, t: int) -> Heard:
        """Turn t alone: the same without the axis of turns."""
        return Heard(self.for_global[:, t], self.for_party[:, t], self.sought[:, t])


class Gru(nn.Module):
    """`nn.GRUCell` on [utterance ; other], the utterance's product left to be done for all turns at once.

    Nearly all of a step's arithmetic is that product. `nn.GRUCell` would do it anew, and add up its weights'
    gradient anew, at every turn.

    Args:
        features: length of an utterance's vector.
        hidden: width of the state, and of what is heard beside the utterance.
    """

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.of_utterance = nn.Linear(features, 3 * hidden)
        self.of_other = nn.Linear(hidden, 3 * hidden, bias=False)
        self.of_state = nn.Linear(hidden, 3 * hidden)
        for weight in self.parameters():  # as nn.GRUCell begins
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)

    def forward(self, heard: Tensor, other: Tensor, state: Tensor) -> Tensor:
        """The next state, (batch, hidden).

        Args:
            heard: (batch, 3 hidden), `of_utterance` of the utterance.
            other: (batch, hidden).
            state: (batch, hidden), the last one.
        """
        width = state.shape[-1]
        gates, new = (heard + self.of_other(other)).split([2 * width, width], dim=-1)
        state_gates, state_new = self.of_state(state).split([2 * width, width], dim=-1)
        reset, update = (gates + state_gates).sigmoid().chunk(2, dim=-1)
        return torch.lerp((new + reset * state_new).tanh(), state, update)


class DialogueCell(nn.Module):
    """Reads conversations turn by turn.

    Args:
        features: length of an utterance's vector.
        hidden: width of all states.
        dropout: on every new state, hence also on what the next turn reads of it, as in the authors' code.
    """

    def __init__(self, features: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.hidden = hidden
        self.global_state = Gru(features, hidden)
        self.party_state = Gru(features, hidden)
        self.emotion_state = nn.GRUCell(hidden, hidden)
        # The attention named "general" in the code, which its training scripts choose. The code's default is
        # "simple", which scores a past state without regard to the utterance.
        self.attend = nn.Linear(features, hidden, bias=False)
        self.dropout = nn.Dropout(dropout)

    def begin(self, batch: int, parties: int) -> Memory:
        """What is known before the first turn: zeros and no past."""
        zeros = self.attend.weight.new_zeros
        return Memory(
            zeros(batch, 0, self.hidden),
            zeros(batch, parties, self.hidden),
            zeros(batch, self.hidden),
            zeros(batch, 0),
        )

    def hear(self, utterances: Tensor) -> Heard:
        """What is to be taken from utterances, (batch, turn, feature)."""
        return Heard(
            self.global_state.of_utterance(utterances),
            self.party_state.of_utterance(utterances),
            self.attend(utterances),
        )

    def listen(self, heard: Heard, speaker: Tensor, memory: Memory) -> Memory:
        """Take in one utterance of each conversation.

        Args:
            heard: of that turn, without an axis of turns.
            speaker: (batch,) int, position among the parties.
            memory: of the turns before.
        """
        row = torch.arange(len(speaker), device=speaker.device)
        party = memory.parties[row, speaker]
        # A sum over no past is zeros, which is what the code has at the first turn.
        before = memory.past[:, -1] if memory.past.shape[1] else torch.zeros_like(memory.emotion)
        now = self.dropout(self.global_state(heard.for_global, party, before))
        attention = torch.einsum("bth,bh->bt", memory.past, heard.sought).softmax(dim=-1)
        context = torch.einsum("bt,bth->bh", attention, memory.past)
        # Only the speaker's state is computed: the code computes all and throws the listeners' away. Its
        # separate cell for listeners (--active-listener) is left out: off by default, and the defaults are
        # those of the variant built here.
        party = self.dropout(self.party_state(heard.for_party, context, party))
        emotion = self.dropout(self.emotion_state(party, memory.emotion))
        return Memory(
            torch.cat([memory.past, now[:, None]], dim=1),
            memory.parties.index_put((row, speaker), party),
            emotion,
            attention,
        )

    def forward(self, utterances: Tensor, speakers: Tensor, parties: int) -> Tensor:
        """Emotion states of all turns; none depends on a later turn.

        Args:
            utterances: (batch, turn, feature).
            speakers: (batch, turn) int, less than `parties`.
            parties: how many party states are kept.

        Returns:
            (batch, turn, hidden).
        """
        heard = self.hear(utterances)
        memory = self.begin(len(utterances), parties)
        emotions = []
        for t in range(utterances.shape[1]):
            memory = self.listen(heard.at(t), speakers[:, t], memory)
            emotions.append(memory.emotion)
        return torch.stack(emotions, dim=1)


def backwards(x: Tensor, turns: Tensor) -> Tensor:
    """Turn every conversation around within its own length; done twice, it is as before.

    Args:
        x: (batch, turn, ...).
        turns: (batch, turn) bool; False is padding, which follows the turns and stays in its place.
    """
    place = torch.arange(x.shape[1], device=x.device)
    order = torch.where(turns, turns.sum(dim=1, keepdim=True) - 1 - place, place)
    return x[torch.arange(len(x), device=x.device)[:, None], order]


class DialogueRnn(Network):
    """BiDialogueRNN with attention over the emotion states; see `Network` for the arguments."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        # All states have one width, as in train_IEMOCAP.py (500); train_MELD.py has 150 for the global and
        # party states and 100 for the emotion's.
        hidden = settings.hidden
        # All modalities side by side, as in the paper's multimodal rows; the scripts as published read the
        # text alone (the line that concatenates is commented out).
        features = sum(dimensions[m] for m in self.modalities)
        self.forth = DialogueCell(features, hidden, settings.dropout)
        self.back = DialogueCell(features, hidden, settings.dropout)
        # The attention named "general2": with a bias, and padding left out.
        self.attend = nn.Linear(2 * hidden, 2 * hidden)
        self.dense = nn.Linear(2 * hidden, 2 * hidden)
        # One rate, where the code has 0.1 in the cells, 0.25 on the emotion states and 0.1 before the head.
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * hidden, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`."""
        x = torch.cat([values[m] * present[k, ..., None] for k, m in enumerate(self.modalities)], dim=-1)
        # Speakers beyond the number of the settings share the last state; the code has one each of the two
        # (IEMOCAP) or nine (MELD) that it knows.
        parties = self.settings.speakers
        who = speakers.clamp(max=parties - 1)
        past = self.forth(x, who, parties)
        # The way back has its own speakers turned around too. One version of the public code turns the
        # utterances alone; it was corrected.
        future = backwards(self.back(backwards(x, turns), backwards(who, turns), parties), turns)
        states = self.dropout(torch.cat([past, future], dim=-1))
        # The code takes the softmax with scores of 0 at padding, sets those weights to 0 and divides by the
        # sum of the others: the same as no weight at padding from the start, which cannot overflow.
        scores = torch.einsum("bqh,bth->bqt", self.attend(states), states)
        # A conversation without any turn would be NaN under an infinity.
        scores = scores.masked_fill(~turns[:, None], torch.finfo(scores.dtype).min)
        attended = torch.einsum("bqt,bth->bqh", scores.softmax(dim=-1), states)
        features = torch.relu(self.dense(attended))
        return single_view(self.views, features, self.head(self.dropout(features)), present, turns)
