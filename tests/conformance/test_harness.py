"""The harness itself: a run must be red for every reason that would make a green one worthless.

Each test writes a tiny test module and lets the harness run it in a process of its own, the way it
runs CPython's files.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from conformance import expectations, record, table
from conformance.campaign import Suite, finish, run_suites
from conformance.child import covers, name_threads
from conformance.expectations import BadExpectations, Expectations, judge
from conformance.run_file import FileResult, Job, Limits, Outcome, Running, run_file

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = "fakes."
LIMITS = Limits()


class Fakes:
    """A package of fake test modules, and the ways to run one."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.package = folder / "fakes"
        self.package.mkdir()
        (self.package / "__init__.py").touch()

    def job(self, body: str, name: str = "test_fake", exclude: tuple[str, ...] = ()) -> Job:
        imports = "import os, signal, sys, threading, time, unittest\n"
        (self.package / f"{name}.py").write_text(imports + textwrap.dedent(body))
        return Job(
            python=sys.executable,
            module=PREFIX + name,
            prefix=PREFIX,
            plug=False,
            path=(str(self.folder),),
            exclude=exclude,
        )

    def run(self, body: str, exclude: tuple[str, ...] = (), limits: Limits = LIMITS) -> FileResult:
        return run_file(self.job(body, exclude=exclude), self.folder / "logs", limits, Running())

    def suite(self, body: str, expected: Expectations) -> Suite:
        """Runs the module as a whole suite with these expectations."""
        job = self.job(body, exclude=tuple(expected.not_applicable))
        suite = Suite("3.x", "3.x.1", "here", [job], expected, self.folder / "logs")
        run_suites([suite], 2, Limits())
        return suite


@pytest.fixture
def fakes(tmp_path: pathlib.Path) -> Fakes:
    return Fakes(tmp_path)


def kinds(result: FileResult) -> dict[str, str]:
    return {test.rpartition(".")[2]: outcome.kind for test, outcome in result.outcomes.items()}


def verdict_on(kind: str, expected: Expectations, patch: str = "") -> expectations.Verdict:
    """The verdict on a file with one test of this outcome."""
    result = FileResult(
        "test_a", loaded=["test_a.A.test_x"], outcomes={"test_a.A.test_x": Outcome(kind)}
    )
    return judge(result, expected, patch)


class TestOutcomes:
    def test_every_way_to_end_is_told_apart(self, fakes: Fakes) -> None:
        result = fakes.run("""
            class A(unittest.TestCase):
                def test_passes(self): pass
                def test_fails(self): self.fail("no")
                def test_raises(self): raise ValueError("no")
                def test_skips(self): self.skipTest("not here")
                @unittest.skip("decorated")
                def test_skip_decorated(self): pass
                @unittest.expectedFailure
                def test_fails_as_marked(self): self.fail("as it should")
                @unittest.expectedFailure
                def test_passes_though_marked(self): pass
                def test_one_subtest_fails(self):
                    for number in range(3):
                        with self.subTest(number=number):
                            self.assertNotEqual(number, 1)
        """)
        assert kinds(result) == {
            "test_passes": "passed",
            "test_fails": "failed",
            "test_raises": "failed",
            "test_skips": "skipped",
            "test_skip_decorated": "skipped",
            "test_fails_as_marked": "passed",
            "test_passes_though_marked": "failed",
            "test_one_subtest_fails": "failed",
        }
        assert result.problems == []
        assert "ValueError: no" in result.outcomes["test_fake.A.test_raises"].detail

    @pytest.mark.parametrize(
        "what", ["raise ValueError('no class today')", "raise unittest.SkipTest('no class today')"]
    )
    def test_a_class_that_is_not_set_up_leaves_its_tests_unreached(
        self, fakes: Fakes, what: str
    ) -> None:
        result = fakes.run(f"""
            class A(unittest.TestCase):
                @classmethod
                def setUpClass(cls): {what}
                def test_never(self): pass
            class B(unittest.TestCase):
                def test_still(self): pass
        """)
        assert kinds(result) == {"test_still": "passed"}
        assert "no class today" in result.problems[0]
        verdict = judge(result, Expectations(), "")
        assert verdict.unexpected["test_fake.A.test_never"] == "was not reached"

    def test_not_applicable_tests_are_not_run(self, fakes: Fakes) -> None:
        body = """
            class A(unittest.TestCase):
                def test_x(self): os.abort()
            class B(unittest.TestCase):
                def test_x(self): pass
                def test_y(self): os.abort()
        """
        result = fakes.run(body, exclude=("test_fake.A", "test_fake.B.test_y"))
        assert kinds(result) == {"test_x": "passed"}
        assert len(result.loaded) == 3

    def test_a_module_that_skips_itself_must_be_listed(self, fakes: Fakes) -> None:
        result = fakes.run("raise unittest.SkipTest('Windows only')")
        assert result.skipped_whole == "Windows only"
        assert judge(result, Expectations(), "").unexpected
        assert not judge(
            result, Expectations(not_applicable={"test_fake": "Windows"}), ""
        ).unexpected

    def test_a_module_that_cannot_be_imported_is_a_problem(self, fakes: Fakes) -> None:
        result = fakes.run("import a_module_that_is_nowhere")
        assert "before its first test" in result.problems[0]
        assert "a_module_that_is_nowhere" in result.problems[0]

    def test_a_module_without_tests_is_a_problem(self, fakes: Fakes) -> None:
        assert judge(fakes.run("X = 1"), Expectations(), "").unexpected

    def test_variables_of_python_do_not_reach_the_tests(
        self, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
        result = fakes.run("""
            class A(unittest.TestCase):
                def test_clean(self): self.assertNotIn("PYTHONASYNCIODEBUG", os.environ)
        """)
        assert kinds(result) == {"test_clean": "passed"}


class TestBadEnds:
    @pytest.mark.parametrize(
        ("deed", "said"),
        [
            ("os.abort()", "SIGABRT"),
            ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
            ("os._exit(3)", "exit code 3"),
            ("os._exit(0)", "exit code 0"),
        ],
    )
    def test_a_crash_costs_one_test_and_the_file_goes_on(
        self, fakes: Fakes, deed: str, said: str
    ) -> None:
        result = fakes.run(f"""
            class A(unittest.TestCase):
                def test_1(self): pass
                def test_2(self): {deed}
                def test_3(self): pass
            class B(unittest.TestCase):
                def test_4(self): pass
        """)
        assert kinds(result) == {
            "test_1": "passed",
            "test_2": "crashed",
            "test_3": "passed",
            "test_4": "passed",
        }
        assert len(result.problems) == 1
        assert said in result.problems[0]

    def test_a_hang_costs_one_test_and_shows_where(self, fakes: Fakes) -> None:
        body = """
            def wait_for_ever():
                while True: time.sleep(1)
            class A(unittest.TestCase):
                def test_1(self): pass
                def test_2(self): wait_for_ever()
                def test_3(self): pass
        """
        result = fakes.run(body, limits=Limits(test=1))
        assert kinds(result) == {"test_1": "passed", "test_2": "hung", "test_3": "passed"}
        last = result.outcomes["test_fake.A.test_2"].detail.splitlines()[-1]
        assert last.startswith("more than 0:00:01 at File")
        assert last.endswith("in wait_for_ever")
        assert len(result.problems) == 1

    def test_a_listed_hang_is_cut_short_and_no_problem(self, fakes: Fakes) -> None:
        body = """
            class A(unittest.TestCase):
                def test_1(self): time.sleep(600)
                def test_2(self): pass
        """
        job = dataclasses.replace(fakes.job(body), may_fail=("test_fake.A.test_1",))
        result = run_file(job, fakes.folder / "logs", Limits(may_fail=1), Running())
        assert kinds(result) == {"test_1": "hung", "test_2": "passed"}
        assert result.problems == []

    @pytest.mark.parametrize(
        ("when", "body"),
        [
            ("before its first test", "time.sleep(600)"),
            (
                "between two tests",
                """
                    class A(unittest.TestCase):
                        @classmethod
                        def tearDownClass(cls): time.sleep(600)
                        def test_1(self): pass
                """,
            ),
            (
                "after its last test",
                """
                    import atexit
                    atexit.register(time.sleep, 600)
                    class A(unittest.TestCase):
                        def test_1(self): pass
                """,
            ),
        ],
    )
    def test_a_hang_outside_of_tests_is_a_problem(self, fakes: Fakes, when: str, body: str) -> None:
        (problem,) = fakes.run(body, limits=Limits(test=1)).problems
        assert problem.startswith(f"the process hung {when}")

    def test_a_file_that_is_not_applicable_is_not_even_imported(self, fakes: Fakes) -> None:
        result = fakes.run("os.abort()", exclude=("test_fake",))
        assert result.problems == []
        assert not judge(result, Expectations("", {"test_fake": "Windows"}), "").unexpected

    def test_a_file_that_does_not_get_to_its_tests_is_ended(self, fakes: Fakes) -> None:
        result = fakes.run("time.sleep(600)", limits=Limits(file=1))
        assert "hung" in result.problems[0]
        assert "time.sleep" in result.problems[0] or "test_fake.py" in result.problems[0]

    def test_a_crash_after_the_last_test_is_a_problem(self, fakes: Fakes) -> None:
        result = fakes.run("""
            import atexit
            atexit.register(os.abort)
            class A(unittest.TestCase):
                def test_1(self): pass
        """)
        assert kinds(result) == {"test_1": "passed"}
        assert "after its last test" in result.problems[0]

    def test_a_file_that_only_crashes_is_given_up(self, fakes: Fakes) -> None:
        tests = "\n".join(f"    def test_{number:02}(self): os._exit(1)" for number in range(20))
        result = fakes.run("class A(unittest.TestCase):\n" + tests)
        assert "given up" in result.problems[-1]
        assert "unreached" not in kinds(result).values()
        assert "was not reached" in judge(result, Expectations(), "").unexpected.values()

    def test_a_forked_child_tells_no_results(self, fakes: Fakes) -> None:
        result = fakes.run("""
            class A(unittest.TestCase):
                def test_1(self):
                    child = os.fork()
                    self.assertTrue(child)  # in the child this fails
                    os.waitpid(child, 0)
                def test_2(self): pass
        """)
        assert kinds(result) == {"test_1": "passed", "test_2": "passed"}
        assert result.problems == []

    @pytest.mark.parametrize(
        ("start", "name"),
        [
            (
                "threading.Thread(target=time.sleep, args=(99,), daemon=True, name='late').start()",
                "late",
            ),
            # A thread that `threading` knows nothing of, as an extension's would be.
            ("__import__('_thread').start_new_thread(time.sleep, (600,))", ""),
        ],
    )
    def test_a_leaked_thread_is_a_problem(self, fakes: Fakes, start: str, name: str) -> None:
        result = fakes.run(f"""
            class A(unittest.TestCase):
                def test_1(self): {start}
        """)
        assert kinds(result) == {"test_1": "passed"}
        assert [
            problem for problem in result.problems if "leaked thread" in problem and name in problem
        ]

    def test_a_thread_that_ends_a_little_late_is_none(self, fakes: Fakes) -> None:
        result = fakes.run("""
            class A(unittest.TestCase):
                def test_1(self): threading.Thread(target=time.sleep, args=(0.5,)).start()
        """)
        assert result.problems == []

    @pytest.mark.parametrize("gone", [FileNotFoundError, ProcessLookupError])
    def test_a_thread_that_ends_while_it_is_looked_at_is_none(
        self, monkeypatch: pytest.MonkeyPatch, gone: type[OSError]
    ) -> None:
        def read_text(path: pathlib.Path) -> str:
            if "/1/" in str(path):
                raise gone
            return "alive\n"

        monkeypatch.setattr(pathlib.Path, "read_text", read_text)
        assert name_threads({1, 2}) == ["alive"]

    def test_processes_left_behind_are_ended(self, fakes: Fakes) -> None:
        note = fakes.folder / "process"
        fakes.run(f"""
            import subprocess
            class A(unittest.TestCase):
                def test_1(self):
                    process = subprocess.Popen(["sleep", "600"])
                    open({str(note)!r}, "w").write(str(process.pid))
        """)
        process = pathlib.Path(f"/proc/{note.read_text()}/stat")
        for _ in range(500):
            # It is gone, or a zombie that nobody has collected.
            if not process.exists() or process.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.01)
        pytest.fail("the process is still there")


class TestStrictness:
    listed = Expectations(expected_failure={"test_a.A.test_x": "needs the network"})
    left_out = Expectations(not_applicable={"test_a.A": "mocks"})

    def test_a_listed_failure_is_expected(self) -> None:
        verdict = verdict_on("failed", self.listed)
        assert (verdict.unexpected, verdict.expected_failures, verdict.run) == ({}, 1, 1)
        assert verdict.reasons == ["needs the network"]

    def test_an_unlisted_pass_is_expected(self) -> None:
        verdict = verdict_on("passed", Expectations())
        assert (verdict.unexpected, verdict.passed, verdict.run) == ({}, 1, 1)

    def test_an_unlisted_failure_fails_the_run(self) -> None:
        verdict = verdict_on("failed", Expectations())
        assert list(verdict.unexpected) == ["test_a.A.test_x"]
        assert verdict.run == 1

    def test_a_listed_pass_fails_the_run(self) -> None:
        assert "strike it off" in verdict_on("passed", self.listed).unexpected["test_a.A.test_x"]

    def test_an_unlisted_skip_fails_the_run(self) -> None:
        assert "skipped" in verdict_on("skipped", Expectations()).unexpected["test_a.A.test_x"]

    @pytest.mark.parametrize("kind", ["crashed", "skipped"])
    def test_crashes_and_skips_are_never_expected(self, kind: str) -> None:
        assert verdict_on(kind, self.listed).unexpected

    def test_a_listed_hang_is_expected(self) -> None:
        assert verdict_on("hung", Expectations()).unexpected
        assert not verdict_on("hung", self.listed).unexpected

    def test_what_does_not_apply_is_not_counted_as_run(self) -> None:
        verdict = verdict_on("passed", self.left_out)
        assert (verdict.unexpected, verdict.not_applicable, verdict.run) == ({}, 1, 0)

    def test_a_line_that_names_nothing_fails_the_run(self) -> None:
        stale = Expectations("3.x.1", {}, {"test_a.A.test_gone": "needs the network"})
        assert list(verdict_on("passed", stale, "3.x.1").unexpected) == ["test_a.A.test_gone"]

    def test_on_another_patch_a_line_may_name_nothing(self) -> None:
        stale = Expectations("3.x.1", {}, {"test_a.A.test_gone": "needs the network"})
        verdict = verdict_on("passed", stale, "3.x.2")
        assert verdict.unexpected == {}
        assert "test_gone" in verdict.notes[0]

    def test_a_failure_that_is_also_left_out_is_a_stale_line(self) -> None:
        both = Expectations("", {"test_a.A": "mocks"}, {"test_a.A.test_x": "needs the network"})
        assert list(verdict_on("passed", both).unexpected) == ["test_a.A.test_x"]

    def test_lines_of_other_files_do_not_matter(self) -> None:
        assert not verdict_on(
            "passed", Expectations("", {}, {"test_b.A.test_x": "needs the network"})
        ).unexpected

    def test_the_whole_way(self, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
        body = """
            class A(unittest.TestCase):
                def test_good(self): pass
                def test_bad(self): self.fail("no")
                def test_inner(self): self.fail("no")
        """
        right = Expectations(
            "3.x.1", {"test_fake.A.test_inner": "mocks"}, {"test_fake.A.test_bad": "later"}
        )
        suite = fakes.suite(body, right)
        assert suite.unexpected() == {}
        assert table.totals([suite])[-1] == "| CPython 3.x.1 | 2 | 1 | 1 | 1 | 0 |"
        wrong = Expectations(
            "3.x.1", {"test_fake.A.test_inner": "mocks"}, {"test_fake.A.test_good": "later"}
        )
        assert set(fakes.suite(body, wrong).unexpected()) == {
            "test_fake.A.test_good",
            "test_fake.A.test_bad",
        }
        assert "FAIL" in capsys.readouterr().out


class TestExpectationsFile:
    @pytest.mark.parametrize(
        "text",
        [
            "[not_aplicable]\n",
            '[expected_failure]\n"test_a.A" = ""\n',
            '[expected_failure]\n"test_*.A" = "which file?"\n',
            '[expected_failure]\n"test_a.A" = "x"\n[not_applicable]\n"test_a.A" = "y"\n',
            '[expected_failure]\n"test_a.A" = "x"\n"test_a.A" = "twice"\n',
            "not toml",
        ],
    )
    def test_what_is_not_sound_is_refused(self, tmp_path: pathlib.Path, text: str) -> None:
        path = tmp_path / "3.x.toml"
        path.write_text(text)
        with pytest.raises(BadExpectations):
            expectations.load(path)

    @pytest.mark.parametrize(
        "path", sorted((HERE / "expectations").glob("*.toml")), ids=lambda path: path.stem
    )
    def test_ours_are_sound(self, path: pathlib.Path) -> None:
        assert expectations.load(path).not_applicable

    def test_covers(self) -> None:
        assert covers("test_a", "test_a.A.test_x")
        assert covers("test_a.A", "test_a.A.test_x")
        assert covers("test_a.A.test_x", "test_a.A.test_x")
        assert covers("test_a.*Tests.test_x", "test_a.SomeTests.test_x")
        assert covers("test_a.A.test_x*", "test_a.A.test_xyz")
        assert not covers("test_a.A.test_x", "test_a.A.test_xyz")
        assert not covers("test_a.A", "test_a.AB.test_x")

    def test_record_follows_a_run(self, fakes: Fakes) -> None:
        path = fakes.folder / "3.x.toml"
        path.write_text(
            '# About.\npatch = "3.x.1"\n\n[not_applicable]\n"test_b" = "Windows"\n\n'
            '[expected_failure]\n"test_b.A.test_x" = "kept"\n'
            '"test_fake.A.test_good" = "old"\n"test_fake.A.test_bad" = "known"\n'
        )
        body = """
            class A(unittest.TestCase):
                def test_good(self): pass
                def test_bad(self): self.fail("no")
                def test_new(self): self.fail("no")
                def test_crash(self): os.abort()
        """
        record.record(path, fakes.suite(body, expectations.load(path)), "not yet")
        updated = expectations.load(path)
        assert path.read_text().startswith("# About.\n")
        assert updated.not_applicable == {"test_b": "Windows"}
        assert updated.expected_failure == {
            "test_b.A.test_x": "kept",
            "test_fake.A.test_bad": "known",
            "test_fake.A.test_new": "not yet",
        }


def test_an_interrupted_run_leaves_no_process(fakes: Fakes) -> None:
    note = fakes.folder / "processes"
    job = fakes.job(f"""
        class A(unittest.TestCase):
            def wait(self):
                with open({str(note)!r}, "a") as file: file.write(f"{{os.getpid()}}\\n")
                time.sleep(600)
            test_1 = test_2 = test_3 = wait
    """)
    suite = Suite("3.x", "3.x.1", "here", [job] * 3, Expectations(), fakes.folder / "logs")

    def interrupt() -> None:
        while not (note.exists() and note.read_text()):
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        run_suites([suite], 1, LIMITS)
    interrupter.join()
    (process,) = note.read_text().split()
    assert not pathlib.Path("/proc", process).exists()


def test_a_bad_file_costs_no_other(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    deeds = {
        "test_crashes": "os.abort()",
        "test_good": "pass",
        "test_hangs": "time.sleep(600)",
        "test_leaks": "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        "test_too": "pass",
    }
    jobs = [
        fakes.job(f"class A(unittest.TestCase):\n    def test_x(self): {deed}", name)
        for name, deed in deeds.items()
    ]
    suite = Suite("3.x", "3.x.1", "here", jobs, Expectations(), fakes.folder / "logs")
    run_suites([suite], 2, Limits(test=5))
    assert suite.verdicts.keys() == deeds.keys()
    red = {name for name, verdict in suite.verdicts.items() if verdict.unexpected}
    assert red == {"test_crashes", "test_hangs", "test_leaks"}
    assert finish([suite]) == 1
    assert "FAIL 3.x: test_crashes test_hangs test_leaks" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        "-m tests.conformance.cpython --python 2.7 --at-least 1",
        "-m tests.conformance.uvloop_suite --python 2.7",
        "-m tests.differential.everywhere --python 2.7 --at-least 1",
        "-m tests.everywhere --python 2.7 --at-least 1",
        "tools/build_extension.py 2.7",
    ],
)
def test_a_run_of_too_few_pythons_fails(command: str, tmp_path: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=HERE.parents[1],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "not a supported Python" in done.stdout
    assert done.stdout.endswith("0 Pythons, at least 1 are needed\n")
