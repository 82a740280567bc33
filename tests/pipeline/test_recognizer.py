"""A recogniser predicts from texts, and comes back from a folder or a hub as it went."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard

import crossgate
from crossgate import packaged
from crossgate.conversation import MODALITIES, Conversation, FeatureSpec, Utterance
from crossgate.corpora.table import FeatureColumn
from crossgate.emotions import MELD
from crossgate.errors import InputError
from crossgate.features.settings import FeatureSettings, MiniLMSettings
from crossgate.features.standardize import Standardizer
from crossgate.features.text.minilm import minilm_spec
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.crossgate import CrossGate
from crossgate.models.settings import ModelSettings
from crossgate.models.temperature import Temperature
from crossgate.pipeline.recognizer import Recognizer
from tiny_base import tiny_base

SPECS = {
    "text": minilm_spec(MiniLMSettings()),
    "audio": FeatureSpec("audio", "toy", "1", 5, "drawn"),
    "visual": FeatureSpec("visual", "toy", "1", 4, "drawn"),
}
TALK = Conversation(
    "talk",
    (
        Utterance("u0", "A", "You did what?"),
        Utterance("u1", "B", "I sold it.", emotion="an emotion of another corpus"),
        Utterance("u2", "A", None),
    ),
)
OTHER = Conversation("other", (Utterance("u0", "C", "Lovely."),))


@pytest.fixture(autouse=True)
def _toy_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors made of the texts' letters in the place of the sentence encoder's."""

    def text_column(conversations: Any, settings: MiniLMSettings, *, cache: bool = True) -> FeatureColumn:
        texts = [u.text for c in conversations for u in c.utterances]
        values = np.full((len(texts), 384), np.nan, dtype=np.float32)
        for row, text in enumerate(texts):
            if text:
                values[row] = np.random.default_rng(list(text.encode())).normal(size=384)
        return FeatureColumn(minilm_spec(settings), values, np.array([bool(text) for text in texts]))

    monkeypatch.setattr("crossgate.features.text.minilm.text_column", text_column)


def checkpoint(**calibration: float) -> Checkpoint:
    torch.manual_seed(0)
    settings = ModelSettings(hidden=16, heads=2, gate_rank=4)
    dimensions = {m: SPECS[m].dimension for m in MODALITIES}
    return Checkpoint(
        CrossGate(settings, dimensions, len(MELD)).eval(),
        settings,
        FeatureSettings(text=("minilm",), audio=("toy",), visual=("toy",)),
        {m: (SPECS[m],) for m in MODALITIES},
        {m: Standardizer(np.zeros(d, np.float32), np.ones(d, np.float32)) for m, d in dimensions.items()},
        MELD,
        **calibration,
    )


def same(first: Recognizer, second: Recognizer, tolerance: float = 1e-6) -> bool:
    return all(
        np.allclose(list(a.distribution.values()), list(b.distribution.values()), atol=tolerance)
        for a, b in zip(first.predict([TALK])[0], second.predict([TALK])[0], strict=True)
    )


def test_every_utterance_has_a_prediction() -> None:
    recognizer = Recognizer(checkpoint())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that there is no recording is no news
        found = recognizer.predict([TALK, OTHER])
    assert [len(one) for one in found] == [3, 1]
    assert recognizer.labels == MELD.labels
    first, _, silent = found[0]
    assert tuple(first.distribution) == MELD.labels
    assert sum(first.distribution.values()) == pytest.approx(1)
    assert first.confidence == max(first.distribution.values()) == first.distribution[first.emotion]
    assert first.shares == pytest.approx({"text": 1.0, "audio": 0.0, "visual": 0.0}, abs=1e-6)
    assert sum(first.shares.values()) == pytest.approx(1)
    assert set(first.views) == {"t"}
    assert not first.abstained
    assert silent.abstained  # nothing of it is there
    assert silent.views == {}
    assert first.to_json()["emotion"] == first.emotion
    assert recognizer.predict([]) == []


def test_conversations_do_not_disturb_each_other() -> None:
    recognizer = Recognizer(checkpoint())
    (alone,) = recognizer.predict([OTHER])
    together = recognizer.predict([TALK, OTHER])[1]
    assert list(alone[0].distribution.values()) == pytest.approx(list(together[0].distribution.values()))


def test_temperature_and_threshold_are_applied() -> None:
    plain, warm = (
        Recognizer(checkpoint(temperature=Temperature(t))).predict([TALK])[0][0] for t in (1.0, 2.0)
    )
    logits = {
        name: np.log(np.array(list(p.distribution.values()))) for name, p in (("1", plain), ("2", warm))
    }
    assert np.ptp(logits["1"] / 2 - logits["2"]) == pytest.approx(0, abs=1e-5)
    strict = Recognizer(checkpoint(confidence_threshold=0.999)).predict([TALK])[0][0]
    assert strict.abstained
    assert strict.emotion == plain.emotion


@pytest.mark.parametrize("text", [None, "", "  "])
def test_without_any_text_there_is_nothing_to_go_by(text: str | None) -> None:
    silent = Conversation("silent", (Utterance("u0", "A", text),))
    with pytest.raises(InputError, match="no utterance has a text"):
        Recognizer(checkpoint()).predict([silent])


def test_a_checkpoint_that_reads_no_texts_says_so() -> None:
    full = checkpoint()
    deaf = replace(full, specs={m: s for m, s in full.specs.items() if m != "text"})
    with pytest.raises(InputError, match="reads audio, visual and no texts"):
        Recognizer(deaf).predict([TALK])


def test_there_and_back_by_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = Recognizer(checkpoint(temperature=Temperature(1.5, {"t": 0.8})))
    assert saved.save_pretrained(tmp_path / "shelf" / "crossgate-toy") is None
    folder = tmp_path / "shelf" / "crossgate-toy"
    assert {path.name for path in folder.iterdir()} == {"README.md", "config.json", "model.safetensors"}
    assert ModelCard.load(folder / "README.md").data.library_name == "crossgate"
    monkeypatch.setattr(packaged, "BESIDE", tmp_path / "shelf")
    for name in (folder, str(folder), "crossgate-toy"):
        assert same(saved, Recognizer.from_pretrained(name))
        assert same(saved, crossgate.load(name))
    assert same(saved, crossgate.load(folder))


def test_card_record_and_precision_go_along(tmp_path: Path) -> None:
    checkpoint().save(tmp_path / "one", half=True)
    (tmp_path / "one" / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n", encoding="utf-8")
    (tmp_path / "one" / "packed.json").write_text('{"kept": true}\n', encoding="utf-8")
    loaded = Recognizer.from_pretrained(tmp_path / "one")
    loaded.save_pretrained(tmp_path / "two")
    card = ModelCard.load(tmp_path / "two" / "README.md")
    assert (card.data.license, card.data.pipeline_tag) == ("mit", "text-classification")
    assert card.text.strip() == "# Mine"
    for name in ("packed.json", "config.json", "model.safetensors"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    recognizer = Recognizer(checkpoint())
    recognizer.save_pretrained(tmp_path / "one")
    before = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    with pytest.raises(InputError, match="exists already"):
        recognizer.save_pretrained(tmp_path / "one")
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()} == before


def test_a_run_of_several_seeds_is_not_one_recogniser(tmp_path: Path) -> None:
    for seed in (0, 1):
        checkpoint().save(tmp_path / "run" / f"seed-{seed}" / "checkpoint")
    with pytest.raises(InputError, match="2 checkpoints"):
        Recognizer.from_pretrained(tmp_path / "run")
    assert Recognizer.from_pretrained(tmp_path / "run" / "seed-1").labels == MELD.labels


def test_a_text_encoder_in_the_checkpoint_reads_the_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    base = tiny_base(tmp_path / "base")
    settings = TurnEncoderSettings(base=base, rank=2, alpha=4, max_tokens=40, turn_tokens=24)
    TurnEmbedder.fresh(settings, {"mood": ("good", "bad")}).save(tmp_path / "encoder")
    spec = TurnEmbedder.load(tmp_path / "encoder").spec("mood")
    model = ModelSettings(hidden=16, heads=2, gate_rank=4)
    Checkpoint(
        CrossGate(model, {"text": spec.dimension}, len(MELD)),
        model,
        FeatureSettings(text=("turns",), turns="mood"),
        {"text": (spec,)},
        {"text": Standardizer(np.zeros(spec.dimension, np.float32), np.ones(spec.dimension, np.float32))},
        MELD,
        encoder=tmp_path / "encoder",
    ).save(tmp_path / "one")
    loaded = Recognizer.from_pretrained(tmp_path / "one")
    expected = [list(one.distribution.values()) for one in loaded.predict([TALK])[0]]
    loaded.save_pretrained(tmp_path / "two")
    shutil.rmtree(tmp_path / "one")
    shutil.rmtree(tmp_path / "encoder")
    monkeypatch.setenv("CROSSGATE_CACHE", str(tmp_path / "cache"))  # so that the encoder has to work again
    found = Recognizer.from_pretrained(tmp_path / "two").predict([TALK])[0]
    assert [list(one.distribution.values()) for one in found] == [pytest.approx(one) for one in expected]


class FakeHub:
    """Keeps what is uploaded in a folder, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[dict[str, Any]] = []

    def __call__(self, token: str | None = None) -> FakeHub:
        self.calls.append({"token": token})
        return self

    def create_repo(self, repo_id: str, **options: Any) -> Any:
        self.calls.append(options)
        return type("Url", (), {"repo_id": repo_id})

    def upload_folder(self, *, repo_id: str, folder_path: Path, **options: Any) -> str:
        self.calls.append(options)
        target = self.folder / repo_id
        target.mkdir(parents=True)
        for path in Path(folder_path).iterdir():
            (target / path.name).write_bytes(path.read_bytes())
        return f"https://hub.test/{repo_id}"

    def snapshot_download(self, name: str, **options: Any) -> str:
        self.calls.append(options)
        return str(self.folder / name)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    fake = FakeHub(tmp_path / "hub")
    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", fake)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fake.snapshot_download)
    return fake


def test_there_and_back_by_the_hub(tmp_path: Path, hub: FakeHub) -> None:
    saved = Recognizer(checkpoint())
    assert saved.push_to_hub("owner/mine", private=True) == "https://hub.test/owner/mine"
    assert hub.calls[1]["private"] is True
    uploaded = {path.name for path in (tmp_path / "hub" / "owner" / "mine").iterdir()}
    assert uploaded == {"README.md", "config.json", "model.safetensors"}
    loaded = Recognizer.from_pretrained("owner/mine", revision="main", token="secret")
    assert same(saved, loaded)
    assert hub.calls[-1]["revision"] == "main"
    assert hub.calls[-1]["token"] == "secret"
    assert "*.safetensors" in hub.calls[-1]["allow_patterns"]


def test_saving_may_publish(tmp_path: Path, hub: FakeHub) -> None:
    url = Recognizer(checkpoint()).save_pretrained(tmp_path / "mine", push_to_hub=True, repo_id="owner/mine")
    assert url == "https://hub.test/owner/mine"
    assert (tmp_path / "mine" / "config.json").is_file()
