from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from crossgate.corpora.table import open_table
from crossgate.errors import InputError
from crossgate.features.assemble import assemble
from crossgate.features.settings import FeatureSettings
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_settings import ENCODER_FOLDER, TurnEncoderSettings
from crossgate.training.text import run as text_run
from crossgate.training.text.embed import embed_table
from crossgate.training.text.losses import contrastive, divergence
from crossgate.training.text.run import TextRun, train_text
from crossgate.training.text.settings import OptimizerSettings, SourceSettings, TextTraining
from crossgate.training.text.sources import read_source
from crossgate.training.text.teacher import ask_teacher, taught
from tiny_base import tiny_base, tiny_roberta


@pytest.fixture
def root(tmp_path, make_table):
    make_table(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    base = tiny_base(tmp_path_factory.mktemp("base"))
    return TextTraining(
        "toy",
        {"toy": SourceSettings("table", folds="2")},
        TurnEncoderSettings(base=base, rank=8, alpha=16, max_tokens=128, turn_tokens=64),
        OptimizerSettings(
            rounds=2, batch_tokens=256, learning_rate=5e-3, head_rate=2e-2, average=0.5, mask=0.0
        ),
        select=("toy",),
    )


def weights(folder):
    return (folder / "adapter_model.safetensors").read_bytes() + (folder / "heads.safetensors").read_bytes()


def test_the_loss_falls_and_a_folder_is_left(root, training, tmp_path):
    longer = replace(training, optimizer=replace(training.optimizer, rounds=6))
    record = train_text(TextRun(longer, root, tmp_path / "run"))
    losses = [row["train/loss"] for row in record["fits"]["all"]["rounds"]]
    assert losses[-1] < losses[0] - 0.05
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "finished"
    assert sorted(path.name for path in (tmp_path / "run" / "all").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "encoder.json",
        "heads.safetensors",
        "rounds.json",
    ]


def test_an_interrupted_training_ends_the_same(root, training, tmp_path, monkeypatch):
    train_text(TextRun(training, root, tmp_path / "whole"))
    measure = text_run.weighted_f1
    calls = []

    def fails_once(*arguments):
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(text_run, "weighted_f1", fails_once)
    with pytest.raises(KeyboardInterrupt):
        train_text(TextRun(training, root, tmp_path / "broken"))
    with pytest.raises(InputError, match="a run is there already"):
        train_text(TextRun(training, root, tmp_path / "broken"))
    train_text(TextRun(training, root, tmp_path / "broken"), resume=True)
    assert weights(tmp_path / "broken" / "all") == weights(tmp_path / "whole" / "all")


@pytest.mark.slow
def test_two_workers_give_what_one_gives(root, training, tmp_path):
    folds = replace(training, leave_out="one")
    one = train_text(TextRun(folds, root, tmp_path / "one"))
    two = train_text(TextRun(folds, root, tmp_path / "two"), workers=2)
    assert list(one["fits"]) == list(two["fits"])
    for name in one["fits"]:
        assert weights(tmp_path / "one" / name) == weights(tmp_path / "two" / name)


def test_another_recipe_does_not_resume(root, training, tmp_path):
    train_text(TextRun(training, root, tmp_path / "run"))
    other = replace(training, optimizer=replace(training.optimizer, mask=0.1))
    with pytest.raises(InputError, match="another training"):
        train_text(TextRun(other, root, tmp_path / "run"), resume=True)


def test_the_test_split_is_not_read(root, training, tmp_path):
    (root / "table" / "test.parquet").write_bytes(b"whatever")
    train_text(TextRun(training, root, tmp_path / "run"))


def test_vectors_of_train_are_those_of_the_encoder_that_left_them_out(root, training, tmp_path):
    record = train_text(TextRun(replace(training, leave_out="one"), root, tmp_path / "run"))
    assert list(record["fits"]) == ["all", "without-1", "without-2"]
    table = open_table(root / "table")
    written = embed_table(tmp_path / "run", table, "toy", tmp_path / "embedded")
    assert "test" not in written.manifest.splits
    conversations = table.split("train").conversations
    column = written.split("train").columns["text_turns"]
    lengths = np.cumsum([0, *map(len, conversations)])
    for place, conversation in enumerate(conversations[:4]):
        encoder = TurnEmbedder.load(tmp_path / "run" / f"without-{place % 2 + 1}")
        expected, _ = encoder.embed([conversation], "toy")
        np.testing.assert_allclose(
            column.values[lengths[place] : lengths[place + 1]], expected, rtol=1e-4, atol=1e-4
        )
    everything = TurnEmbedder.load(tmp_path / "embedded" / ENCODER_FOLDER)
    assert everything.spec("toy") == column.spec
    held_out = written.split("validation")
    np.testing.assert_allclose(
        held_out.columns["text_turns"].values,
        everything.embed(held_out.conversations, "toy")[0],
        rtol=1e-4,
        atol=1e-4,
    )


def test_a_network_measured_on_a_part_gets_vectors_made_without_it(root, training, tmp_path):
    three = replace(training, sources={"toy": SourceSettings("table", folds="3")}, leave_out="two")
    record = train_text(TextRun(three, root, tmp_path / "run"))
    assert "without-1-3" in record["fits"]
    table = open_table(root / "table")
    split = embed_table(tmp_path / "run", table, "toy", tmp_path / "embedded").split("train")
    settings = FeatureSettings(text=("turns",), turns="toy")
    features, specs = assemble(split, settings, without="3")
    usual, same = assemble(split, settings)
    assert specs == same
    conversations = table.split("train").conversations
    first, third = len(conversations[0]), sum(len(c) for c in conversations[:2])
    expected, _ = TurnEmbedder.load(tmp_path / "run" / "without-1-3").embed(conversations[:1], "toy")
    np.testing.assert_allclose(features["text"].values[:first], expected, rtol=1e-4, atol=1e-4)
    assert np.abs(usual["text"].values[:first] - expected).max() > 1e-3
    own = slice(third, third + len(conversations[2]))
    np.testing.assert_allclose(features["text"].values[own], usual["text"].values[own])


def test_an_encoder_without_parts_left_out_does_not_embed_what_it_learned(root, training, tmp_path):
    train_text(TextRun(training, root, tmp_path / "run"))
    with pytest.raises(InputError, match="no part was left out"):
        embed_table(tmp_path / "run", open_table(root / "table"), "toy", tmp_path / "embedded")


def test_new_texts_are_read_with_the_tables_encoder(root, training, tmp_path):
    train_text(TextRun(replace(training, leave_out="one"), root, tmp_path / "run"))
    table = open_table(root / "table")
    settings = FeatureSettings(text=("turns",), turns="toy")
    with pytest.raises(InputError, match="no text encoder to compute it with"):
        assemble(table.split("validation"), settings)
    features, specs = assemble(table.split("validation"), settings, encoder=tmp_path / "run" / "all")
    assert features["text"].values.shape[1] == specs["text"][0].dimension == 7


def test_causal_and_whole_differ_only_in_the_mask(root, training, tmp_path):
    causal = replace(training, encoder=replace(training.encoder, causal=True))
    record = train_text(TextRun(causal, root, tmp_path / "run"))
    assert np.isfinite(record["fits"]["all"]["rounds"][-1]["train/loss"])
    assert TurnEmbedder.load(tmp_path / "run" / "all").encoder.settings.causal


def test_the_contrast_is_least_where_equals_stand_together():
    labels = torch.tensor([0, 0, 1, 1])
    together = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    apart = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    assert contrastive(together, labels).mean() < contrastive(apart, labels).mean()
    assert contrastive(together[:3], torch.tensor([0, 0, 1]))[2] == 0


def test_the_divergence_is_zero_for_equals_and_symmetric():
    one, other = torch.randn(5, 3, generator=torch.manual_seed(0)), torch.zeros(5, 3)
    assert divergence(one, one).abs().max() == 0
    torch.testing.assert_close(divergence(one, other), divergence(other, one))
    assert (divergence(one, other) > 0).all()


def test_new_texts_are_read_with_the_mean_of_weights_where_it_is_asked_for(root, training, tmp_path):
    asked = replace(training, leave_out="one", mean=True)
    train_text(TextRun(asked, root, tmp_path / "run"))
    parts = [
        TurnEmbedder.load(tmp_path / "run" / name)._trained() for name in ("all", "without-1", "without-2")
    ]
    mean = TurnEmbedder.load(tmp_path / "run" / "mean")
    for name, value in mean._trained().items():
        expected = sum(part[name] for part in parts) / 3
        torch.testing.assert_close(value, expected, atol=1e-3, rtol=1e-3)
    written = embed_table(tmp_path / "run", open_table(root / "table"), "toy", tmp_path / "embedded")
    assert written.manifest.spec("text_turns").version == mean.version


def test_an_encoder_of_several_seeds_is_the_mean_of_their_weights(root, training, tmp_path):
    asked = replace(training, leave_out="one", seeds=2)
    told = []
    record = train_text(TextRun(asked, root, tmp_path / "run", seed=3), report=lambda *row: told.append(row))
    for name in ("all", "without-1"):
        place = tmp_path / "run" / name
        parts = [TurnEmbedder.load(place / f"seed-{seed}")._trained() for seed in (3, 4)]
        assert any((parts[0][key] != parts[1][key]).any() for key in parts[0])
        for key, value in TurnEmbedder.load(place)._trained().items():
            torch.testing.assert_close(value, (parts[0][key] + parts[1][key]) / 2, atol=1e-3, rtol=1e-3)
    train_text(TextRun(training, root, tmp_path / "alone", seed=4))
    assert weights(tmp_path / "run" / "all" / "seed-4") == weights(tmp_path / "alone" / "all")
    rounds = record["fits"]["without-1"]["rounds"]
    assert [row.get("seed") for row in rounds] == [3, 3, 4, 4, None]
    assert rounds[-1]["mean_of"] == 2
    assert 0 <= rounds[-1]["toy/weighted_f1"] <= 1
    assert ("without-1", rounds[-1]) in told
    assert ("without-1/seed-4", {k: v for k, v in rounds[3].items() if k != "seed"}) in told


def test_no_seed_is_refused(training):
    with pytest.raises(InputError, match="seeds is 0"):
        replace(training, seeds=0)


@pytest.mark.parametrize("causal", [False, True])
def test_a_roberta_can_be_the_base(root, training, tmp_path, causal):
    """Other tokens and other positions: what a turn is given does not depend on the windows beside it."""
    encoder = replace(training.encoder, base=tiny_roberta(tmp_path / "base"), causal=causal)
    optimizer = replace(training.optimizer, rounds=6)
    record = train_text(
        TextRun(replace(training, encoder=encoder, optimizer=optimizer), root, tmp_path / "run")
    )
    losses = [row["train/loss"] for row in record["fits"]["all"]["rounds"]]
    assert losses[-1] < losses[0] - 0.05
    embedder = TurnEmbedder.load(tmp_path / "run" / "all")
    conversations = open_table(root / "table").split("validation").conversations
    together = embedder.embed(conversations, "toy")[0]
    alone = np.concatenate([embedder.embed([one], "toy")[0] for one in conversations])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    first = replace(conversations[0], utterances=conversations[0].utterances[:1])
    same = np.allclose(embedder.embed([first], "toy")[0][0], together[0], atol=1e-5)
    assert same == causal


def test_a_device_that_is_not_there_is_refused(root, training, tmp_path):
    lost = replace(training, optimizer=replace(training.optimizer, device="cuda:99"))
    with pytest.raises(InputError, match=r"optimizer\.device 'cuda:99'"):
        train_text(TextRun(lost, root, tmp_path / "run"))


def test_an_encoder_of_another_rank_cannot_be_begun_with(root, training, tmp_path):
    train_text(TextRun(training, root, tmp_path / "first"))
    other = replace(training, encoder=replace(training.encoder, rank=4))
    with pytest.raises(InputError, match="rank 8 cannot begin one of base"):
        train_text(TextRun(other, root, tmp_path / "run", start=tmp_path / "first" / "all"))
    alpha = training.encoder.alpha
    louder = replace(training, encoder=replace(training.encoder, alpha=4 * alpha))
    with pytest.raises(InputError, match=f"made with alpha {alpha} would count 4 times as much"):
        train_text(TextRun(louder, root, tmp_path / "run", start=tmp_path / "first" / "all"))
    assert not (tmp_path / "run").exists()


def test_heads_that_read_other_layers_begin_anew(root, training, tmp_path):
    train_text(TextRun(training, root, tmp_path / "first"))
    wider = replace(training, encoder=replace(training.encoder, layers=(1, 2)))
    train_text(TextRun(wider, root, tmp_path / "run", start=tmp_path / "first" / "all"))
    assert TurnEmbedder.load(tmp_path / "run" / "all").encoder.width == 64


@pytest.fixture
def teacher(root, training, tmp_path):
    """Two encoders of a part each, and one of everything."""
    train_text(TextRun(replace(training, leave_out="one"), root, tmp_path / "teacher"))
    return tmp_path / "teacher"


def test_targets_are_in_part_what_the_encoder_that_had_not_read_them_answers(
    root, training, tmp_path, teacher
):
    sources = [
        read_source(root, "toy", training.sources["toy"], TurnEmbedder.load(teacher / "all").tokenizer)
    ]
    ask_teacher(teacher, ["toy"], sources, tmp_path)
    mixed = taught(sources, tmp_path, 0.25)[0]
    conversations = open_table(root / "table").split("train").conversations
    for dialogue, soft, conversation in zip(
        sources[0].dialogues, mixed.dialogues, conversations, strict=True
    ):
        assert dialogue.id == soft.id == conversation.id
        reader = TurnEmbedder.load(teacher / f"without-{dialogue.part}")
        answer = np.exp(reader.embed([conversation], "toy")[0])
        labelled = dialogue.targets.any(axis=-1)
        np.testing.assert_allclose(
            soft.targets[labelled], (0.75 * dialogue.targets + 0.25 * answer)[labelled], atol=1e-5
        )
        assert not soft.targets[~labelled].any()


def test_a_pupil_is_another_encoder_and_resumes_to_the_same(root, training, tmp_path, teacher, monkeypatch):
    first = TextRun(replace(training, teacher_share=0.5), root, tmp_path / "whole", teacher=teacher)
    record = train_text(first)
    assert set(record["teacher"]) >= {"without-1/adapter_model.safetensors", "without-2/heads.safetensors"}
    assert weights(tmp_path / "whole" / "all") != weights(teacher / "all")
    # Figures are those of labels, whatever was learned from.
    pupil = TurnEmbedder.load(tmp_path / "whole" / "all")
    split = open_table(root / "table").split("validation")
    known = pupil.labels["toy"]
    pairs = [
        (known.index(said.emotion), answer.argmax())
        for said, answer in zip(
            (u for c in split.conversations for u in c.utterances),
            pupil.embed(split.conversations, "toy")[0],
            strict=True,
        )
        if said.emotion
    ]
    expected = f1_score(*zip(*pairs, strict=True), average="weighted", zero_division=0)
    assert record["fits"]["all"]["rounds"][-1]["toy/weighted_f1"] == pytest.approx(expected)
    monkeypatch.setattr(text_run, "fit_text", lambda *_, **__: 1 / 0)
    broken = replace(first, folder=tmp_path / "broken")
    with pytest.raises(ZeroDivisionError):
        train_text(broken)
    monkeypatch.undo()
    train_text(broken, resume=True)
    assert weights(tmp_path / "broken" / "all") == weights(tmp_path / "whole" / "all")
    other = tmp_path / "other"
    train_text(TextRun(replace(training, leave_out="one"), root, other, seed=1))
    with pytest.raises(InputError, match="another teacher"):
        train_text(replace(broken, teacher=other), resume=True)


def test_a_pupil_without_a_teacher_is_refused_and_a_teacher_without_a_pupil(
    root, training, tmp_path, teacher
):
    with pytest.raises(InputError, match=r"teacher_share is 0\.5 and no teacher is named"):
        train_text(TextRun(replace(training, teacher_share=0.5), root, tmp_path / "run"))
    with pytest.raises(InputError, match="teacher_share is 0 and a teacher is named"):
        train_text(TextRun(training, root, tmp_path / "run", teacher=teacher))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"average": 1.5},
        {"mask": 2},
        {"smoothing": 3},
        {"learning_rate": -1},
        {"batch_tokens": 0},
        {"rounds": 0},
        {"threads": 0},
        {"letters": 2},
        {"twice": -1},
    ],
)
def test_settings_that_cannot_train_are_refused(wrong):
    with pytest.raises(InputError, match=f"optimizer.{next(iter(wrong))}"):
        OptimizerSettings(**wrong)


def test_parts_that_cannot_be_left_out_are_refused(root, training, tmp_path):
    for folds in ("0", "1"):
        with pytest.raises(InputError, match="expected 2 or more parts"):
            SourceSettings("table", folds=folds)
    many = replace(training, sources={"toy": SourceSettings("table", folds="5000")})
    with pytest.raises(InputError, match="folds is 5000, and there are"):
        train_text(TextRun(many, root, tmp_path / "run"))
    with pytest.raises(InputError, match="sources is empty"):
        replace(training, sources={})
    far = replace(training, encoder=replace(training.encoder, layers=(99,)))
    with pytest.raises(InputError, match="has layers 0 to"):
        train_text(TextRun(far, root, tmp_path / "run"))


def test_who_has_read_everything_is_no_teacher(root, training, tmp_path, teacher):
    train_text(TextRun(training, root, tmp_path / "all-read"))
    pupil = replace(training, teacher_share=0.5)
    with pytest.raises(InputError, match="left nothing of these sources out"):
        train_text(TextRun(pupil, root, tmp_path / "run", teacher=tmp_path / "all-read"))
    thirds = replace(pupil, sources={"toy": SourceSettings("table", folds="3")})
    with pytest.raises(InputError, match="learned toy from other data or in other parts"):
        train_text(TextRun(thirds, root, tmp_path / "run", teacher=teacher))
    assert not (tmp_path / "run").exists()


def test_a_pupil_that_left_nothing_out_takes_train_answers_from_its_teacher(
    root, training, tmp_path, teacher
):
    train_text(TextRun(replace(training, teacher_share=0.5), root, tmp_path / "pupil", teacher=teacher))
    table = open_table(root / "table")
    with pytest.raises(InputError, match="has reached it by way of its teacher"):
        embed_table(tmp_path / "pupil", table, "toy", tmp_path / "no")
    made = embed_table(tmp_path / "pupil", table, "toy", tmp_path / "embedded", teacher)
    theirs = embed_table(teacher, table, "toy", tmp_path / "teachers")
    answers = [
        {name: one.split(name).columns["text_turns"] for name in ("train", "validation")}
        for one in (made, theirs)
    ]
    np.testing.assert_array_equal(answers[0]["train"].values, answers[1]["train"].values)
    assert not np.array_equal(answers[0]["validation"].values, answers[1]["validation"].values)
    pupil = TurnEmbedder.load(tmp_path / "pupil" / "all")
    assert TurnEmbedder.load(made.folder / ENCODER_FOLDER).version == pupil.version
    train_text(TextRun(replace(training, leave_out="one"), root, tmp_path / "stranger", seed=1))
    with pytest.raises(InputError, match="did not teach"):
        embed_table(tmp_path / "pupil", table, "toy", tmp_path / "no", tmp_path / "stranger")
