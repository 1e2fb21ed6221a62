"""Templates: each form that is promised, with what the docker CLI prints for it; and what is refused."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.cli.template import (NIL_POINTER, ListRow, NilType, SparseRow, Template, TemplateParser,
                                  TemplateSyntaxError, TemplateValueError, unescape_template)

VALUE = {
    "Id": "8542b7", "Name": "/b2", "Running": True, "ExitCode": 3, "Zero": 0, "None": None, "Empty": [],
    "Cmd": ["sh", "-c", "echo out >&2"], "Labels": {"x": "y", "a.b": "c"},
    "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "81/udp": None},
    "Networks": {"b": {"IPAddress": "10.0.0.2"}, "a": {"IPAddress": "10.0.0.1"}}}


def render(template, value=None, **more):
    return Template(template, **more).execute(VALUE if value is None else value)


@pytest.mark.parametrize("template, text", [
    ("plain }} text", "plain }} text"), ("{{.Id}}", "8542b7"), ("{{ .Id }}-{{.Name}}", "8542b7-/b2"),
    ("{{.ID}}", "8542b7"),
    ("{{.Networks.a.IPAddress}}", "10.0.0.1"), ("{{$.Id}}", "8542b7"),
    ("{{.Running}} {{.ExitCode}}", "true 3"),
    ("{{.None}}", "<no value>"), ("{{.Cmd}}", "[sh -c echo out >&2]"), ("{{.Labels}}", "map[a.b:c x:y]"),
    ("{{.Empty}}", "[]"),
    ("{{json .Cmd}}", '["sh","-c","echo out >&2"]'), ("{{.Labels | json}}", '{"x":"y","a.b":"c"}'),
    ("{{len .Cmd}}{{len .Id}}{{len .Labels}}", "362"),
    ("{{upper .Id}}{{lower \"AB\"}}{{title \"ab cd\"}}", "8542B7abAb Cd"),
    ('{{index .Labels "a.b"}}{{index .Labels "nope"}}|', "c|"), ("{{index .Cmd 1}}", "-c"),
    ('{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"),
    ('{{index .Ports "80/tcp" 0 "HostIp"}}', "0.0.0.0"),
    ("{{range .Cmd}}<{{.}}>{{end}}", "<sh><-c><echo out >&2>"),
    ("{{range .Empty}}x{{else}}none{{end}}", "none"),
    ("{{range $k, $v := .Networks}}{{$k}}={{$v.IPAddress}};{{end}}", "a=10.0.0.1;b=10.0.0.2;"),
    ("{{range $i, $e := .Cmd}}{{if $i}},{{end}}{{$e}}{{end}}", "sh,-c,echo out >&2"),
    ("{{range $e := .Empty}}x{{end}}", ""),
    ("{{range 3}}{{.}}{{end}}", "012"), ("{{if .Running}}up{{else}}down{{end}}", "up"),
    ("{{if .Zero}}x{{end}}", ""),
    ("{{if .None}}a{{else if eq .ExitCode 3}}three{{else}}b{{end}}", "three"),
    ("{{with .Networks}}{{.a.IPAddress}}{{end}}", "10.0.0.1"),
    ("{{with .None}}x{{else}}{{.Id}}{{end}}", "8542b7"), ("{{$x := .Id}}{{$x}}{{$x}}", "8542b78542b7"),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1"),
    ("a {{- .Id -}} b", "a8542b7b"), ("a{{/* no */}}b", "ab"), ("{{/* }} */}}x", "x"),
    ('{{"}}"}}', "}}"), ("{{`a\\n`}}", "a\\n"), ('{{"a\\n\\x41\\u00e9\\""}}', 'a\nA\u00e9"'),
    ("{{1.5}} {{-2}} {{0x10}}", "1.5 -2 16"),
    ('{{print 1 2 "a" 3}}', "1 2a3"), ('{{println "x" 1}}', "x 1\n"),
    ('{{printf "%5d|%-4s|%v|%q|%%|%t" 42 "ab" .Cmd "z" true}}',
     '   42|ab  |[sh -c echo out >&2]|"z"|%|true'),
    ('{{join .Cmd ","}}', "sh,-c,echo out >&2"), ('{{index (split "a-b-c" "-") 1}}', "b"),
    ('{{pad "x" 1 2}}|{{pad "" 1 2}}|', " x  ||"),
    ("{{truncate .Id 3}}", "854"), ("{{eq .Id \"8542b7\" | not}}", "false"),
    ("{{eq .ExitCode 1 2 3}}{{ne 1 2}}{{lt 1 2}}{{le 2 2}}{{gt 1 2}}{{ge \"b\" \"a\"}}",
     "truetruetruetruefalsetrue"),
    ("{{and .Running .ExitCode}}{{or .Zero \"z\"}}{{or .Zero .None}}{{and .Zero .Nope}}", "3z<no value>0"),
    ("{{.Id | upper | printf \"%s!\"}}", "8542B7!"), ("{{if not (and .Running .Zero)}}y{{end}}", "y"),
    ("{{nil | json}}", "null"),
    ("{{true}}{{false}}", "truefalse"), ("{{(.Labels).x}}", "y"),
    ("{{" + "(" * 64 + ".Id" + ")" * 64 + "}}", "8542b7"),
    ("{{with $.Id}}" * 64 + "x" + "{{end}}" * 64, "x"), ("a \n{{- 1 -}} \n{{- 2 -}} b  {{3}}", "a12b  3"),
    ("a{{/* }} {{ \" */}}b{{- /* * / */ -}} c", "abc")])
def test_forms(template, text):
    assert render(template) == text


@pytest.mark.parametrize("template, part", [
    ("{{.Id", "unclosed action"), ("{{", "unclosed action"), ("{{}}", "missing value"),
    ("{{.Id | }}", "missing value"),
    ("{{foo .Id}}", 'function "foo" not defined'), ("{{if .Id}}x", "no {{end}} for {{if}}"),
    ("{{end}}", "unexpected {{end}}"),
    ("{{else}}", "unexpected {{else}}"), ("{{if .A}}{{else}}{{else}}{{end}}", "unexpected {{else}}"),
    ("{{(.Id}}", "unclosed left paren"),
    ("{{.Id)}}", 'unexpected ")"'), ("{{.Id ? 1}}", 'unexpected "?"'),
    ('{{define "x"}}{{end}}', 'function "define" not defined'),
    ('{{template "x"}}', 'function "template" not defined'), ("{{break}}", 'function "break" not defined'),
    ("{{$x}}", 'undefined variable "$x"'), ("{{$x := 1}}{{$x = 2}}", 'unexpected "="'),
    ("{{if $x := 1}}{{end}}{{$x}}", 'undefined variable "$x"'), ("{{'a'}}", 'unexpected "\'"'),
    ('{{"\\z"}}', "unknown escape"), ("{{1z}}", "bad number"), ("{{/* x}}", "unclosed"),
    ("{{range .A}}{{else if .B}}{{end}}", "unexpected"),
    ("{{" + "(" * 65 + ".Id" + ")" * 65 + "}}", "nested too deeply"),
    ("{{if 1}}" * 65 + "{{end}}" * 65, "nested too deeply"), ("{{.A.}}", "unexpected"),
    ("{{html .Id}}", 'function "html"')])
def test_what_is_not_understood_is_named(template, part):
    with pytest.raises(TemplateSyntaxError) as caught:
        render(template)
    assert part in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("piece", ["{", "{{a", "{{ ", "{{/*", "{{/**/", '{{"', '{{"\\"', " {{-", "{{-  -}"])
def test_a_long_template_without_an_end_is_read_once(piece):
    """A reader that began again at each piece would need hours."""
    with pytest.raises(TemplateSyntaxError) as caught:
        Template(piece * 200000 + "{{")
    assert "unclosed action" in str(caught.value)


@pytest.mark.parametrize("start, piece, end, parts", [
    ("", " ", "", 1), ("", " \n{{- 1 -}} ", "", 600001), ("{{", " ", "1}}", 3), ("{{/*", "/**", "*/}}", 3)])
def test_a_long_template_is_split_once(start, piece, end, parts):
    assert len(TemplateParser(start + piece * 300000 + end).items) == parts


@pytest.mark.parametrize("template, part", [
    ("{{.Nope}}", 'at .Nope: no entry "Nope" (there are: Cmd,'),
    ("{{.Networks.z.IPAddress}}", 'at .Networks.z: no entry "z" (there are: a, b)'),
    ("{{.Id.Foo}}", 'has no field "Foo"'), ("{{.None.X}}", 'nil has no field "X"'),
    ("{{index .Cmd 9}}", "index does not take"),
    ('{{index .Cmd "x"}}', "index does not take"), ("{{index .Id 0}}", "index does not take"),
    ("{{len .ExitCode}}", "len does not take"),
    ("{{upper .ExitCode}}", "upper does not take"), ("{{upper}}", "upper does not take"),
    ("{{upper .Id .Id}}", "upper does not take"),
    ("{{lt 1 \"a\"}}", "lt does not take"), ("{{range .Id}}{{end}}", "range can't iterate"),
    ('{{printf "%d" "x"}}', "printf has no %d"),
    ('{{printf "%99999d" 1}}', "printf has no"), ("{{.Id 1}}", ".Id is no function"),
    ("{{join .Id \",\"}}", "join does not take")])
def test_what_a_value_does_not_have_is_named(template, part):
    with pytest.raises(TemplateValueError) as caught:
        render(template)
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_what_came_before_an_error_can_be_had():
    pieces = []
    with pytest.raises(TemplateValueError):
        Template("{{.Id}} {{.Nope}}").execute(VALUE, out=pieces)
    assert "".join(pieces) == "8542b7 "


def test_nulls_of_a_known_kind():
    kinds = {"Health": NIL_POINTER, "Volumes": NilType("map[]")}.get
    value = {"State": {"Health": None, "Binds": None, "Volumes": None}}
    assert render("{{.State.Health}}|{{.State.Binds}}|{{.State.Volumes}}", value,
                  nulls=kinds) == "<nil>|[]|map[]"
    assert render("{{if .State.Health}}x{{else}}no{{end}}{{len .State.Binds}}{{json .State.Health}}", value,
                  nulls=kinds) == "no0null"
    assert render('{{index .State.Volumes "x"}}|{{range .State.Binds}}x{{end}}|{{join .State.Binds ","}}',
                  value, nulls=kinds) == "||"
    assert render("{{.Health}}", {"A": 1}, nulls=kinds) == "<nil>"
    with pytest.raises(TemplateValueError):
        render("{{.Other}}", {"A": 1}, nulls=kinds)


def test_methods_of_a_row():
    row = ListRow({"ID": "1", "Label": lambda name: {"x": "<y>"}.get(name, ""), "Names": "<a&b>"})
    assert render('{{.Label "x"}}', row) == "<y>"
    assert render("{{json .}}", row) == '{"ID":"1","Names":"\\u003ca\\u0026b\\u003e"}'
    assert render("{{json .Names}}", row) == '"<a&b>"'
    with pytest.raises(TemplateValueError):
        render("{{.Label}}", row)


def test_a_sparse_row_leaves_out_what_is_empty():
    row = SparseRow([("id", ""), ("Type", "x"), ("time", 0)])
    assert render("{{.ID}}|{{json .}}", row) == '|{"Type":"x"}'


def test_titles_go_through_functions():
    titles = {"ID": "CONTAINER ID", "Label": lambda name: name}
    assert (Template('{{upper .ID}}\t{{json .ID}}\t{{.Label "x"}}').execute(titles, header=True)
            == "CONTAINER ID\tCONTAINER ID\tx")
    with pytest.raises(TemplateValueError):
        Template("{{json .}}").execute(titles, header=True)


def test_shell_escapes():
    assert unescape_template("a\\tb\\nc") == "a\tb\nc"


@given(st.text(alphabet="{}.$|()\"`' -ABeifndrangel:=,0*/\\", max_size=40))
def test_any_text_is_a_template_or_refused(text):
    try:
        result = render(text)
    except (TemplateSyntaxError, TemplateValueError) as error:
        assert str(error)
    else:
        assert isinstance(result, str)


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_is_itself(text):
    assert render(text) == text
