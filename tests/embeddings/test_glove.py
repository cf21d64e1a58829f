from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.counting import TextCounts
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.embeddings import glove
from nlpcli.engine.embeddings.glove import Glove
from nlpcli.engine.embeddings.glove_blocks import BlockScheduler, Cells, sequence_of
from nlpcli.engine.kernels.embeddings.arguments import Block, Sides
from nlpcli.engine.kernels.embeddings.glove import update_cells
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.runtime.threads import Stop
from nlpcli.errors import ModelError, NlpcliError, SettingsError
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.cooccurrence.test_counting import some_text

ANALYSIS = AnalysisSettings(tokenizer="whitespace")
COUNTING = CooccurrenceSettings()
SMALL = GloveSettings(dim=6, epochs=3, x_max=10)


def trained(settings: GloveSettings = SMALL, lines: list[str] | None = None, **options: object) -> Glove:
    corpus = encode_documents([lines or some_text(1)], ANALYSIS, VocabularySettings())
    threads = int(options.get("threads", 1))  # type: ignore[call-overload]
    cells = Cells(
        TextCounts(corpus, COUNTING), corpus.vocabulary.counts, settings.x_max, settings.alpha,
        threads=threads, memory=int(options.pop("memory", 1 << 30)),  # type: ignore[call-overload]
    )  # fmt: skip
    return glove.train(cells, corpus.vocabulary, ANALYSIS, COUNTING, settings, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> Glove:
    """What `trained()` gives, once for all tests that only look at it."""
    return trained()


def saved(model: Glove, path: Path) -> bytes:
    model.save(path)
    return path.read_bytes()


def block_of_one_cell(log: float, weight: float) -> Block:
    return Block(
        0, 0, np.zeros(1, np.int32), np.ones(1, np.int32), np.zeros(1, np.uint16),
        np.array([log], np.float32), np.array([weight], np.float32),
    )  # fmt: skip


def one_update(parameters: np.ndarray, eta: float, log: float, weight: float) -> tuple[float, np.ndarray]:
    """The cost of one cell and the parameters [w, c, b, b'] after the kernel's update."""
    dim = 16
    words, contexts = (np.ones((1, 2 * dim), dtype=np.float32) for _ in range(2))
    biases = [np.ones((1, 2), dtype=np.float32) for _ in range(2)]
    words[0, :dim], contexts[0, :dim] = parameters[:dim], parameters[dim : 2 * dim]
    biases[0][0, 0], biases[1][0, 0] = parameters[2 * dim :]
    cost = update_cells(
        Sides(words, contexts, *biases), block_of_one_cell(log, weight), 0, np.float32(eta), True
    )
    after = np.concatenate([words[0, :dim], contexts[0, :dim], [biases[0][0, 0], biases[1][0, 0]]])
    return cost, after


def test_steps_follow_the_gradient_that_finite_differences_give() -> None:
    generator = np.random.default_rng(3)
    parameters = generator.normal(0, 0.4, 34)
    log, weight, eta = 1.7, 0.6, 0.01
    _, after = one_update(parameters, eta, log, weight)

    def cost(at: np.ndarray) -> float:
        return 0.5 * weight * float(at[:16] @ at[16:32] + at[32] + at[33] - log) ** 2

    width = 1e-5
    gradient = np.array(
        [
            (cost(parameters + width * axis) - cost(parameters - width * axis)) / (2 * width)
            for axis in np.eye(34)
        ]
    )
    # AdaGrad's sums are 1 before the first step, so it is η times the gradient (1 for the biases).
    step = (parameters - after) / np.array([eta] * 32 + [1, 1])
    assert np.allclose(step, gradient, atol=1e-4)


def test_the_kernel_gives_the_cost_before_its_update() -> None:
    parameters = np.full(34, 0.25)
    cost, _ = one_update(parameters, 0.05, 2.0, 0.5)
    assert cost == pytest.approx(0.5 * 0.5 * (16 * 0.0625 + 0.5 - 2.0) ** 2)


def test_compiled_updates_equal_the_python_of_them() -> None:
    generator = np.random.default_rng(5)
    sides = [generator.random((4, 64), dtype=np.float32) * np.float32(0.3) for _ in range(2)]
    for side in sides:
        side[:, 32:] += 1
    biases = [generator.random((4, 2), dtype=np.float32) + np.float32(0.5) for _ in range(2)]
    block = Block(
        1, 0, np.array([0, 2], np.int32), np.array([3, 5], np.int32),
        np.array([0, 1, 3, 0, 2], np.uint16),
        generator.random(5, dtype=np.float32), generator.random(5, dtype=np.float32),
    )  # fmt: skip
    outcomes = []
    for kernel in (update_cells, update_cells.py_func):
        arrays = [array.copy() for array in (*sides, *biases)]
        cost = kernel(Sides(*arrays), block, 1, np.float32(0.05), True)
        outcomes.append(np.concatenate([np.ravel(array) for array in arrays] + [[cost]]))
    assert np.allclose(*outcomes, rtol=1e-4, atol=1e-5)


def test_later_steps_are_divided_by_the_root_of_the_summed_squares() -> None:
    dim, eta = 16, np.float32(0.05)
    words, contexts = (np.ones((1, 2 * dim), dtype=np.float32) for _ in range(2))
    words[0, :dim], contexts[0, :dim] = 0.1, 0.2
    biases = [np.array([[0.0, 1.0]], dtype=np.float32) for _ in range(2)]
    w, c, s, t = 0.1, 0.2, 1.0, 1.0
    for _ in range(3):
        update_cells(Sides(words, contexts, *biases), block_of_one_cell(3.0, 1.0), 0, eta, False)
        g = dim * w * c - 3.0
        h, k = 0.05 * g * c, 0.05 * g * w
        w, c, s, t = w - h / s**0.5, c - k / t**0.5, s + h * h, t + k * k
    assert words[0, 0] == pytest.approx(w, rel=1e-5) and words[0, dim] == pytest.approx(s, rel=1e-5)
    assert contexts[0, 5] == pytest.approx(c, rel=1e-5) and contexts[0, dim + 5] == pytest.approx(t, rel=1e-5)
    assert biases[0].tolist() == [[0.0, 1.0]]


def test_cells_hold_every_count_with_its_log_and_weight() -> None:
    corpus = encode_documents([some_text(2)], ANALYSIS, VocabularySettings())
    counts = TextCounts(corpus, COUNTING)
    cells = Cells(counts, corpus.vocabulary.counts, 2.0, 0.75, threads=2)
    matrix = Cooccurrence(corpus.vocabulary, COUNTING, ANALYSIS, counts).dense()
    found = np.zeros_like(matrix)
    rows, columns = cells.sizes().shape
    for row in range(rows):
        for column in range(columns):
            block = cells.block(row, column)
            begin = 0
            for segment, end in zip(block.rows, block.ends, strict=True):
                for cell in range(begin, end):
                    place = block.first_row + segment, block.first_column + int(block.columns[cell])
                    found[place] = np.exp(block.logs[cell])
                    assert block.weights[cell] == pytest.approx(min(1, matrix[place] / 2) ** 0.75, rel=1e-5)
                begin = end
    assert np.allclose(found, matrix, rtol=1e-5)
    assert len(cells) == (matrix > 0).sum()


def test_the_cost_falls_and_dot_products_come_near_the_logs() -> None:
    lines = ["a b c d", "a b c", "a b"] * 20
    model = trained(GloveSettings(dim=8, epochs=200, x_max=10), lines)
    assert model.costs[-1] < model.costs[0] / 50
    ids = model.vocabulary.id_of
    w, c = (side.rows[:, 0] for side in (model.words, model.contexts))
    a, b = ids["a"], ids["b"]
    estimate = w[a] @ c[b] + model.words.biases[a, 0] + model.contexts.biases[b, 0]
    assert estimate == pytest.approx(np.log(60), abs=0.1)


def test_any_number_of_threads_gives_the_same_bytes(model: Glove, tmp_path: Path) -> None:
    files = {saved(trained(threads=threads), tmp_path / "m") for threads in (2, 5)}
    assert files == {saved(model, tmp_path / "m")}  # of one thread


def test_another_seed_gives_other_vectors() -> None:
    vectors = [trained(GloveSettings(dim=6, epochs=1, seed=seed)).vectors for seed in (1, 2)]
    assert not np.allclose(*vectors)


def test_cells_on_disk_give_the_same_bytes(model: Glove, tmp_path: Path) -> None:
    assert saved(trained(memory=0), tmp_path / "a") == saved(model, tmp_path / "b")


def test_a_resumed_training_gives_the_bytes_of_an_unbroken_one(model: Glove, tmp_path: Path) -> None:
    trained(GloveSettings(dim=6, epochs=1, x_max=10)).save(tmp_path / "first")
    resumed = trained(resume=Glove.load(tmp_path / "first"))
    assert saved(resumed, tmp_path / "a") == saved(model, tmp_path / "b")


def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(model: Glove, tmp_path: Path) -> None:
    class Interrupting(Progress):
        calls = 0

        def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
            self.calls += stage == "training"
            if self.calls == 60:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(progress=Interrupting(), interrupted=lambda model: model.save(tmp_path / "left"))
    partial = Glove.load(tmp_path / "left")
    assert 0 < np.isnan(partial.unfinished).sum() < len(partial.unfinished)
    assert saved(trained(resume=partial), tmp_path / "a") == saved(model, tmp_path / "b")


def test_resuming_with_other_text_or_settings_is_an_error(model: Glove) -> None:
    with pytest.raises(SettingsError, match="not the one the model was trained on"):
        trained(resume=model, lines=some_text(9))
    with pytest.raises(SettingsError, match="trained with --dim 6"):
        trained(GloveSettings(dim=7, epochs=5, x_max=10), resume=model)


def test_loaded_model_is_the_saved_one(model: Glove, tmp_path: Path) -> None:
    content = saved(model, tmp_path / "a")
    loaded = Glove.load(tmp_path / "a")
    assert saved(loaded, tmp_path / "b") == content
    assert (loaded.vectors == model.vectors).all()
    assert loaded.settings == model.settings


def test_damaged_model_is_refused(model: Glove, tmp_path: Path) -> None:
    content = bytearray(saved(model, tmp_path / "a"))
    content[-3] ^= 1
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        Glove.load(tmp_path / "a")


@pytest.mark.parametrize(("which", "width"), [("w+c", 6), ("w", 6), ("c", 6), ("both", 12)])
def test_the_model_option_chooses_the_vectors(which: str, width: int) -> None:
    model = trained(GloveSettings(dim=6, epochs=1, output_vectors=which))  # type: ignore[arg-type]
    words, contexts = (side.rows[:, 0, :6] for side in (model.words, model.contexts))
    expected = {"w+c": words + contexts, "w": words, "c": contexts, "both": np.hstack([words, contexts])}
    assert model.vectors.shape[1] == width
    assert (model.vectors == expected[which]).all()


def test_without_bias_the_biases_stay_out() -> None:
    model = trained(GloveSettings(dim=6, epochs=2, bias=False))
    assert not model.words.biases[:, 0].any() and not model.contexts.biases[:, 0].any()


def test_tolerance_ends_the_training_early() -> None:
    model = trained(GloveSettings(dim=6, epochs=50, x_max=10, tolerance=0.5))
    assert 1 < len(model.costs) < 50


def test_a_diverging_training_is_an_error_with_a_hint() -> None:
    with pytest.raises(NlpcliError, match="diverged") as caught:
        trained(GloveSettings(dim=6, epochs=50, eta=100))
    assert "--learning-rate" in str(caught.value.hint)


def test_text_without_neighbours_is_an_error() -> None:
    with pytest.raises(NlpcliError, match="nothing to train on"):
        trained(lines=["a", "b", "a"])


def test_turns_keep_the_order_within_every_row_and_column() -> None:
    sequence = sequence_of(np.ones((3, 5), dtype=np.int64), np.random.default_rng(0))
    assert sorted(sequence) == [(row, column) for row in range(3) for column in range(5)]
    scheduler, stop = BlockScheduler(sequence), Stop()
    under_way: list[int] = []
    finished: list[int] = []
    while len(finished) < len(sequence):
        while (
            len(under_way) < 3 and (number := scheduler.take(stop) if scheduler._ready else None) is not None
        ):
            under_way.append(number)
            taken = [sequence[item] for item in under_way]
            assert len({row for row, _ in taken}) == len({column for _, column in taken}) == len(taken)
        number = under_way.pop()
        assert all(
            earlier in finished
            for earlier in range(number)
            if sequence[earlier][0] == sequence[number][0] or sequence[earlier][1] == sequence[number][1]
        )
        scheduler.finish(number)
        finished.append(number)
    assert scheduler.take(stop) is None
