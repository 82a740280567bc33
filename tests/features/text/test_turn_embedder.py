from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch

from crossgate.conversation import Conversation, Utterance
from crossgate.errors import InputError
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_encoder import Turn, mean_of_turns, pack
from crossgate.features.text.turn_settings import TurnEncoderSettings
from tiny_base import tiny_base

LABELS = {"mood": ("good", "bad")}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_base(tmp_path_factory.mktemp("base"))


def embedder(base, **settings):
    torch.manual_seed(0)
    made = TurnEmbedder.fresh(
        TurnEncoderSettings(base=base, rank=4, alpha=8, max_tokens=40, turn_tokens=24, **settings), LABELS
    )
    with torch.no_grad():  # as if it had been trained: adapters begin at zero
        for name, value in made.encoder.named_parameters():
            if "lora_B" in name:
                value.normal_(std=0.3)
    made.encoder.eval()
    return made


def conversation(turns=9):
    texts = ["you are very good", "no", "i am sad , so sad", "well ?", "fine ! yes"]
    utterances = [Utterance(str(n), "ann" if n % 2 else "ben", texts[n % len(texts)]) for n in range(turns)]
    return Conversation("c", tuple(utterances))


def test_the_mean_is_over_the_words_of_a_turn_alone():
    tokens = pack([[Turn((7, 8, 9), 2), Turn((5,), 1)], [Turn((4, 3), 2)]], first=1, padding=0)
    states = tokens.ids[..., None].float()
    assert mean_of_turns(states, tokens)[..., 0].tolist() == [[8.5, 5.0], [3.5, 0.0]]


def test_a_saved_encoder_gives_the_same_vectors(base, tmp_path):
    made = embedder(base)
    made.save(tmp_path / "encoder")
    loaded = TurnEmbedder.load(tmp_path / "encoder")
    expected, present = made.embed([conversation()], "mood")
    values, _ = loaded.embed([conversation()], "mood")
    assert present.all()
    np.testing.assert_allclose(values, expected, atol=5e-3)  # weights are kept in half precision
    again = TurnEmbedder.load(tmp_path / "encoder")
    assert again.version == loaded.version != ""


def test_its_folder_is_an_adapter_that_peft_loads(base, tmp_path):
    from peft import PeftModel
    from transformers import AutoModel

    made = embedder(base)
    made.save(tmp_path / "encoder")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # peft warns of keys that are missing
        adapted = PeftModel.from_pretrained(
            AutoModel.from_pretrained(base, add_pooling_layer=False), tmp_path / "encoder"
        ).eval()
    turns = made.turns(["ann"], ["you are good"])
    tokens = pack([turns], made.tokenizer.first, made.tokenizer.padding)
    with torch.no_grad():
        states = adapted(input_ids=tokens.ids).last_hidden_state
    np.testing.assert_allclose(mean_of_turns(states, tokens)[0], made.vectors([turns]), atol=5e-3)


def test_a_live_conversation_is_read_as_a_finished_one(base):
    made = embedder(base, causal=True)
    whole, _ = made.embed([conversation()], "mood")
    for turns in range(1, 10):
        part, _ = made.embed([conversation(turns)], "mood")
        np.testing.assert_allclose(part[-1], whole[turns - 1], atol=1e-5)


def test_otherwise_later_turns_are_read(base):
    made = embedder(base)
    whole, _ = made.embed([conversation(3)], "mood")
    part, _ = made.embed([conversation(2)], "mood")
    assert np.abs(part[0] - whole[0]).max() > 1e-3


def test_conversations_do_not_mix(base):
    made = embedder(base)
    alone, _ = made.embed([conversation(4)], "mood")
    beside, _ = made.embed([conversation(9), conversation(4), conversation(1)], "mood")
    np.testing.assert_allclose(beside[9:13], alone, atol=1e-5)


def test_a_turn_without_text_is_not_present(base):
    silent = Conversation("c", (Utterance("0", "ann", "yes"), Utterance("1", "ben", None)))
    values, present = embedder(base).embed([silent], "mood")
    assert present.tolist() == [True, False]
    assert np.isnan(values[1]).all()
    assert np.isfinite(values[0]).all()


def test_the_feature_is_the_heads_log_probabilities(base):
    values, _ = embedder(base).embed([conversation()], "mood")
    np.testing.assert_allclose(np.exp(values).sum(axis=1), 1, atol=1e-5)
    assert values.shape[1] == 2


def test_another_encoders_adapter_is_taken_and_its_fitting_heads(base):
    old = embedder(base)
    new = TurnEmbedder.fresh(old.encoder.settings, LABELS | {"other": ("x", "y", "z")})
    new.take_from(old)
    np.testing.assert_allclose(
        new.embed([conversation()], "mood")[0], old.embed([conversation()], "mood")[0], atol=1e-6
    )


def test_a_head_that_is_not_there_is_refused(base):
    with pytest.raises(InputError, match="no head 'meld'"):
        embedder(base).spec("meld")


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "heads.safetensors", "encoder.json"])
def test_damage_is_refused(base, tmp_path, file):
    embedder(base).save(tmp_path / "encoder")
    path = tmp_path / "encoder" / file
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"cannot be read|do not fit"):
        TurnEmbedder.load(tmp_path / "encoder")


def test_settings_of_another_rank_are_refused(base, tmp_path):
    embedder(base).save(tmp_path / "encoder")
    path = tmp_path / "encoder" / "encoder.json"
    config = json.loads(path.read_text())
    config["encoder"]["rank"] = 2
    path.write_text(json.dumps(config))
    with pytest.raises(InputError, match="do not fit"):
        TurnEmbedder.load(tmp_path / "encoder")


def test_no_encoder_is_said_so(tmp_path):
    with pytest.raises(InputError, match="no text encoder here"):
        TurnEmbedder.load(tmp_path)


@pytest.mark.parametrize("causal", [False, True])
def test_training_reads_as_use_does_but_for_dropout(base, causal):
    made = embedder(base, causal=causal)
    windows = [
        made.turns(["ann", "ben", "ann"], ["you are good", "no", "well ?"]),
        made.turns(["ben"], ["fine !"]),
    ]
    tokens = pack(windows, made.tokenizer.first, made.tokenizer.padding)
    with torch.no_grad():
        used = made.encoder(tokens)
        made.encoder.train()
        for part in made.encoder.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        np.testing.assert_allclose(made.encoder(tokens), used, atol=1e-5)
        with torch.autocast("cpu", torch.bfloat16):
            np.testing.assert_allclose(made.encoder(tokens).float(), used, atol=0.1)


@pytest.mark.parametrize("asked", [0.0, 0.3])
def test_dropout_of_the_attention_is_as_asked_for(base, asked):
    encoder = embedder(base, attention_dropout=asked).encoder
    found = {part.dropout.p for name, part in encoder.named_modules() if name.endswith("attention.self")}
    assert found == {asked}


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": "10"},
        {"alpha": 10**30},
        {"alpha": None},
        {"rank": 10**9},
        {"rank": 1.5},
        {"base": 7},
        {"layers": (0,) * 1000},
    ],
    ids=str,
)
def test_settings_that_make_no_encoder_are_refused(wrong):
    with pytest.raises(InputError, match=f"encoder.{next(iter(wrong))}"):
        TurnEncoderSettings(**wrong)
