import pytest

from rawdock.engine.dockerfile import (DockerfileInstruction, dockerfile_excerpt, dockerfile_instructions,
                                       find_failed_lines)

TWO_STAGES = """# a comment
FROM busybox AS Base
ENV A=1
RUN one \\
  # a comment within
  two

WORKDIR /srv
from busybox
COPY a \\
     /b
RUN <<EOF
echo \\
EOF
run last
"""


def test_instructions_and_their_lines():
    assert dockerfile_instructions(TWO_STAGES) == [
        DockerfileInstruction("FROM", "busybox AS Base", 2, 2), DockerfileInstruction("ENV", "A=1", 3, 3),
        DockerfileInstruction("RUN", "one   two", 4, 6), DockerfileInstruction("WORKDIR", "/srv", 8, 8),
        DockerfileInstruction("FROM", "busybox", 9, 9), DockerfileInstruction("COPY", "a      /b", 10, 11),
        DockerfileInstruction("RUN", "<<EOF", 12, 14), DockerfileInstruction("RUN", "last", 15, 15)]


@pytest.mark.parametrize("text, places", [
    ("", []), ("\n\n# only\n", []), ("FROM a", [(1, 1)]), ("FROM a \\", [(1, 1)]),
    ("FROM a\r\nRUN b\r\n", [(1, 1), (2, 2)]), ("RUN a \\\n# b \\\n\nc\n", [(1, 4)]),
    ("# escape=`\nFROM a\nRUN b `\n c \\\nRUN d\n", [(2, 2), (3, 4), (5, 5)]),
    ("# syntax=x\n#escape = `\nRUN b `\n c\n", [(3, 4)]),
    ("RUN <<-'E' cat <<\"F\"\n\tx\n\tE\ny\nF\nRUN z\n", [(1, 5), (6, 6)]),
    ("RUN <<E\nnever ended\n", [(1, 1), (2, 2)]), ("COPY <<E /x\n# kept\n\nE\n", [(1, 4)]),
    ("ENV A=<<E\nRUN b\n", [(1, 1), (2, 2)]),
])
def test_where_an_instruction_begins_and_ends(text, places):
    assert [(one.first, one.last) for one in dockerfile_instructions(text)] == places


@pytest.mark.parametrize("name, message, lines", [
    ("[base 2/3] RUN one two", "", (4, 6)), ("[base 3/3] WORKDIR /srv", "", (8, 8)),
    ("[base 1/3] FROM docker.io/library/busybox", "", (2, 2)),
    ("[stage-1 2/4] COPY a /b", "", (10, 11)), ("[linux/arm64 stage-1 3/4] RUN <<EOF", "", (12, 14)),
    ("[stage-1 4/4] RUN last", "", (15, 15)),
    ("[stage-1 4/4] COPY last", "", None),      # another keyword: the step of an ONBUILD
    ("[stage-1 4/5] RUN last", "", None), ("[stage-1 0/4] RUN last", "", None),
    ("[other 2/3] RUN one", "", None),
    ("[2/3] RUN one", "", None), ("[internal] load build context", "", None), ("", "", None),
    ("", "dockerfile parse error on line 4: unknown instruction: FOO", (4, 4)),
    ("", "failed to create LLB definition: dockerfile parse error line 4: unknown instruction: FOO", (4, 4)),
])
def test_the_lines_of_a_failed_step(name, message, lines):
    assert find_failed_lines(TWO_STAGES, name, message) == lines


def test_a_stage_without_a_name_is_the_only_one():
    assert find_failed_lines("FROM a\nRUN b\n", "[2/2] RUN b", "") == (2, 2)
    assert find_failed_lines("RUN b\n", "[1/1] RUN b", "") is None


# As docker buildx 0.13 showed them.
@pytest.mark.parametrize("text, lines, shown", [
    ("FROM busybox\nRUN a \\\n  b\nCOPY nosuch /\n", (4, 4),
     ["   2 |     RUN a \\", "   3 |       b", "   4 | >>> COPY nosuch /", "   5 |     "]),
    ("FROM busybox\nRUN echo one\nRUN echo\nCOPY a.txt /\n", (3, 3),
     ["   1 |     FROM busybox", "   2 |     RUN echo one", "   3 | >>> RUN echo", "   4 |     COPY a.txt /",
      "   5 |     "]),
    ("FROM busybox\nRUN a \\\n  b\nRUN c\nRUN d\n", (2, 3),
     ["   1 |     FROM busybox", "   2 | >>> RUN a \\", "   3 | >>>   b", "   4 |     RUN c"]),
])
def test_what_is_shown_of_a_dockerfile(text, lines, shown):
    rule = "-" * 20
    assert dockerfile_excerpt("Dockerfile", text, *lines) == (
        ["Dockerfile:%d" % lines[0], rule] + shown + [rule])


@pytest.mark.parametrize("lines", [(0, 0), (3, 3), (2, 3)])
def test_lines_that_are_not_there(lines):
    assert dockerfile_excerpt("Dockerfile", "FROM a\n", *lines) == []
