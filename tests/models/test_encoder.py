import json
import math
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from ghigliottina.errors import CheckpointError
from ghigliottina.models import encoder as module
from ghigliottina.models.encoder import COMMON, EMBEDDED_MEDIAN, load_encoder
from rewards import RUBRIC, SOLUZIONE, Completion


@pytest.fixture(scope="module")
def embedded():
    return load_encoder("embedded")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A sentence-transformers model of our own making: one random vector for each common word."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: place for place, word in enumerate(["[UNK]", *COMMON])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    path = tmp_path_factory.mktemp("encoder") / "tiny"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = StaticEmbedding(tokenizer, embedding_dim=16)
    SentenceTransformer(modules=[module], device="cpu").save(str(path))
    return path


def cosine(encoder, one, other):
    return sum(a * b for a, b in zip(*encoder([one, other]), strict=True))


def test_none_is_no_encoder():
    assert load_encoder("none") is None


def test_the_packaged_encoder_is_a_sentence_transformer(embedded, tmp_path):
    from sentence_transformers import SentenceTransformer

    assert isinstance(embedded.model, SentenceTransformer)
    assert embedded.model.get_embedding_dimension() == 512
    assert embedded.model.encode(["luna", "il sole"]).shape == (2, 512)
    embedded.model.save(str(tmp_path))
    assert not [*tmp_path.rglob("*.safetensors")]  # its weights stay in their package


def test_vectors_have_length_one_and_keep_their_order(embedded):
    luna, sole, again = embedded(["luna", "sole", "luna"])
    assert len(luna) == 512 and luna == again != sole
    assert math.isclose(sum(x * x for x in luna), 1.0, rel_tol=1e-4)
    assert embedded([]) == []


def test_near_words_are_nearer(embedded):
    assert cosine(embedded, "gatto", "gatti") > cosine(embedded, "chiave", "serratura") > EMBEDDED_MEDIAN
    assert cosine(embedded, "chiave", "banana") < EMBEDDED_MEDIAN


def test_the_median_of_the_packaged_encoder_is_as_measured(embedded):
    assert embedded.median == EMBEDDED_MEDIAN == pytest.approx(module._median(embedded(COMMON)), abs=0.005)


def test_the_common_words_are_all_different():
    assert len(COMMON) == len(set(COMMON)) >= 60


def test_a_word_is_encoded_once(folder, monkeypatch):
    encoder = load_encoder(str(folder))
    asked = []
    encode = encoder.model.encode
    monkeypatch.setattr(encoder.model, "encode", lambda words, **more: asked.append(words) or encode(words, **more))
    encoder(["luna", "luna", COMMON[0]])
    encoder(["luna"])
    assert asked == [["luna"]]


def test_the_memory_is_bounded(folder, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 100)
    encoder = load_encoder(str(folder))
    for first in range(0, 1_000, 50):
        encoder([str(number) for number in range(first, first + 50)])
        assert len(encoder._known) <= 150


def test_threads_share_it(folder):
    encoder = load_encoder(str(folder))
    alone = encoder(COMMON)
    encoder._known.clear()
    with ThreadPoolExecutor(8) as pool:
        assert [row for (row,) in pool.map(lambda word: encoder([word]), COMMON)] == alone


def test_it_travels_to_other_processes_as_its_name(embedded):
    data = pickle.dumps(embedded)
    assert len(data) < 1_000
    (there,), (here,) = pickle.loads(data)(["luna"]), embedded(["luna"])
    assert list(there) == pytest.approx(list(here), abs=1e-6)


def test_a_folder_is_an_encoder_with_a_median_of_its_own(folder):
    encoder = load_encoder(str(folder))
    assert encoder.median == pytest.approx(0.0, abs=0.05) != EMBEDDED_MEDIAN
    assert cosine(encoder, "luna", "luna") == pytest.approx(1.0, abs=1e-5)


def spoil(folder, harm):
    if harm == "no folder":
        shutil.rmtree(folder)
    elif harm == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif harm == "truncated weights":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:50])
    elif harm == "pickle":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    elif harm == "code":
        (folder / "evil.py").write_text("raise SystemExit('it ran')\n")
        (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]))
    elif harm == "broken list":
        (folder / "modules.json").write_text("{")


@pytest.mark.parametrize("harm", ["no folder", "empty", "truncated weights", "pickle", "code", "broken list"])
def test_a_spoilt_folder_is_refused(folder, tmp_path, harm):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    spoil(copy, harm)
    with pytest.raises(CheckpointError, match=r"can’t be loaded: .*“embedded” always works") as caught:
        load_encoder(str(copy))
    assert caught.value.code == "encoder_unreadable"
    assert set(caught.value.details) == {"name", "reason"}


@pytest.mark.parametrize("name", ["nobody/no-such-encoder", "no such id!", "nobody"])
def test_an_id_out_of_reach_is_refused_at_once(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match=r"can’t be loaded"):
        load_encoder(name)


def test_the_rubric_judges_with_it(embedded):
    rubric = RUBRIC.with_embedder(embedded)
    value = {
        answer: rubric.judge(Completion.parse(SOLUZIONE.write("x", answer)), ("violino",), "chiave").values
        for answer in ("chiave", "serratura", "banana")
    }
    near = {answer: values["semantic_similarity"] for answer, values in value.items()}
    assert near["chiave"] == 1.0 > near["serratura"] > 0.2 > near["banana"] == 0.0
