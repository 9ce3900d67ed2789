"""One interpreter of a process is served; another one is told so, and disturbs nobody."""

import subprocess
import sys
import textwrap

import pytest

PREAMBLE = """
    import sys

    try:
        import _interpreters as interpreters  # from 3.13 on
    except ImportError:
        import _xxsubinterpreters as interpreters


    def make(shares_the_lock):
        if sys.version_info >= (3, 13):
            return interpreters.create("legacy" if shares_the_lock else "isolated")
        return interpreters.create(isolated=not shares_the_lock)


    def execute(number, code):
        code = f"import sys; sys.path[:] = {sys.path!r}\\n{code}"
        if sys.version_info >= (3, 13):
            failure = interpreters.exec(number, code)
            assert failure is None, failure.errdisplay
        else:
            interpreters.run_string(number, code)


    async def answer():
        import aioxide

        return await aioxide.gather(aioxide.sleep(0, "still"), aioxide.sleep(0, "here"))


    USE = '''
    async def answer():
        return await aioxide.gather(aioxide.sleep(0, "still"), aioxide.sleep(0, "here"))

    assert aioxide.run(answer()) == ["still", "here"]
    '''
"""


def run(program: str) -> str:
    """What a program prints that ends well."""
    text = textwrap.dedent(PREAMBLE) + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("shares_the_lock", [True, False])
def test_a_second_interpreter_is_refused_and_the_first_goes_on(shares_the_lock):
    printed = run(
        f"""
        import aioxide

        assert aioxide.run(answer()) == ["still", "here"]
        for _ in range(3):
            number = make({shares_the_lock})
            execute(number, '''
        try:
            import aioxide
        except ImportError as error:
            print(type(error).__name__, flush=True)
        else:
            print("imported", flush=True)
        ''')
            interpreters.destroy(number)
            assert aioxide.run(answer()) == ["still", "here"]
        """
    )
    assert printed == "ImportError\n" * 3


def test_the_first_to_import_is_served_whichever_it_is():
    printed = run(
        """
        number = make(True)
        execute(number, "import aioxide\\n" + USE)
        execute(number, USE)
        try:
            import aioxide
        except ImportError as error:
            print(error)
        execute(number, USE)
        interpreters.destroy(number)
        """
    )
    assert printed == (
        "aioxide serves one interpreter of a process, and another one has imported it already\n"
    )
