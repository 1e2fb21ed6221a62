"""Templates: each form that is promised, with what the docker CLI prints for it; and what is refused."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.cli.go_types import go_duration, go_struct
from rawdock.cli.template_functions import GoMap, ListRow, SparseRow, TemplateValueError
from rawdock.cli.template import Template, TemplateParser, TemplateSyntaxError, unescape_template

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
    ("{{$x := 1}}{{range $x = .Cmd}}{{end}}{{$x}}", "echo out >&2"),
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
    ("{{json nil}}", "null"),
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
    ("{{else}}", "unexpected {{else}}"), ("{{if .A}}{{else}}{{else}}{{end}}", "expected end; found {{else}}"),
    ("{{(.Id}}", "unclosed left paren"),
    ("{{.Id)}}", "unexpected right paren"), ("{{.Id ? 1}}", 'unexpected "?"'),
    ('{{define "x"}}', "no {{end}} for {{define}}"), ("{{define x}}", 'unexpected "x" in define clause'),
    ('{{define "x"}}{{end}}{{define "x"}}{{end}}', 'multiple definition of template "x"'),
    ('{{if 1}}{{define "x"}}{{end}}{{end}}', "unexpected <define> in command"),
    ('{{$y := 1}}{{define "x"}}{{$y}}{{end}}', 'undefined variable "$y"'),
    ('{{range .Cmd}}{{block "b" .}}{{break}}{{end}}{{end}}', "{{break}} outside {{range}}"),
    ('{{block "b"}}x{{end}}', "missing value for block clause"),
    ("{{template}}", 'unexpected "}}" in template clause'), ("{{break}}", "{{break}} outside {{range}}"),
    ("{{range .Cmd}}{{continue 1}}{{end}}", 'unexpected "1" in {{continue}}'),
    ('{{.Id | "a"}}', "non executable command in pipeline stage 2"),
    ("{{$a, $b := 1}}", "too many declarations in command"),
    ("a\n{{\n.Id ? 1}}", "template: :3: unexpected"),
    ("{{$x}}", 'undefined variable "$x"'), ("{{$x = 2}}", 'undefined variable "$x"'),
    ("{{if $x := 1}}{{end}}{{$x}}", 'undefined variable "$x"'),
    ("{{'ab'}}", "malformed character constant: 'ab'"),
    ('{{"\\z"}}', "unknown escape"), ("{{1z}}", "bad number"), ("{{/* x}}", "unclosed"),
    ("{{range .A}}{{else if .B}}{{end}}", "unexpected"),
    ("{{" + "(" * 65 + ".Id" + ")" * 65 + "}}", "nested too deeply"),
    ("{{if 1}}" * 65 + "{{end}}" * 65, "nested too deeply"), ("{{.A.}}", "unexpected"),
    ("{{nope .Id}}", 'function "nope"')])
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
    ("{{.Nope}}", '1:2: executing "" at <.Nope>: map has no entry for key "Nope" (there are: Cmd,'),
    ("{{.Networks.z.IPAddress}}", '<.Networks.z.IPAddress>: map has no entry for key "z" (there are: a, b)'),
    ("a\n\u65e5 {{.Networks.z}}", ":2:15: executing"),
    ("{{.Id.Foo}}", ":1:5: executing \"\" at <.Id.Foo>: can't evaluate field Foo in type interface {}"),
    ("{{$x := 1}}{{$x.Foo}}", ":1:15: executing \"\" at <$x.Foo>: can't evaluate field Foo in type int"),
    ("{{.None.X}}", 'nil data; no entry for key "X"'),
    ('{{template "x" .}}', 'template "x" not defined'),
    ('{{define "r"}}{{template "r"}}{{end}}{{template "r"}}',
     ':1:25: executing "r" at <{{template "r"}}>: exceeded maximum template depth'),
    ("{{index .Cmd 9}}", "<index .Cmd 9>: error calling index: index out of range: 9"),
    ('{{index .Cmd "x"}}', "cannot index slice/array with type string"),
    ("{{index .Id 9}}", "index out of range: 9"), ("{{index nil 1}}", "index of untyped nil"),
    ("{{index .Labels 1}}", "value has type int; should be string"),
    ("{{index 1 1}}", "can't index item of type int"),
    ("{{slice .Id 2 9}}", "index out of range: 9"), ("{{slice .Id 2 1}}", "invalid slice index: 2 > 1"),
    ("{{slice .Labels 0}}", "can't slice item of type map[string]string"),
    ("{{call .Id}}", "non-function of type string"), ("{{nil}}", "nil is not a command"),
    ("{{nil | json}}", "nil is not a command"),
    ("{{and}}", "<and>: wrong number of args for and: want at least 1 got 0"),
    ("{{eq 1 1.0}}", "error calling eq: incompatible types for comparison"),
    ('{{eq 1 "a"}}', "incompatible types for comparison"), ("{{eq 1}}", "missing argument for comparison"),
    ("{{eq .Labels .Labels}}", "non-comparable type map[a.b:c x:y]: map[string]string"),
    ("{{lt true false}}", "invalid type for comparison"), ("{{len .ExitCode}}", "len of type int"),
    ("{{upper .ExitCode}}", "<.ExitCode>: wrong type for value; expected string; got int"),
    ("{{upper 1}}", ":1:8: executing \"\" at <1>: expected string; found 1"),
    ("{{upper nil}}", "cannot assign nil to string"),
    ("{{truncate .Id true}}", "expected integer; found true"),
    ("{{1 | upper}}", "expected string; got int"),
    ("{{upper}}", "<upper>: wrong number of args for upper: want 1 got 0"),
    ("{{.Id | upper .Id}}", ":1:8: executing \"\" at <upper>: wrong number of args for upper: want 1 got 2"),
    ("{{truncate .Id -1}}", "error calling truncate: runtime error: slice bounds out of range [:-1]"),
    ("{{lt 1 \"a\"}}", "incompatible types for comparison"), ("{{range .Id}}{{end}}", "range can't iterate"),
    ("{{.Id 1}}", "<.Id>: Id has arguments but cannot be invoked as function"),
    ("{{1 2}}", "<1>: can't give argument to non-function 1"),
    ("{{join .Id \",\"}}", "<.Id>: wrong type for value; expected []string; got string")])
def test_what_a_value_does_not_have_is_named(template, part):
    with pytest.raises(TemplateValueError) as caught:
        render(template)
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_what_came_before_an_error_can_be_had():
    pieces = []
    with pytest.raises(TemplateValueError):
        Template("{{.Id}} {{.Nope}}").execute(VALUE, out=pieces)
    assert "".join(pieces) == "8542b7 "


def test_many_variables_take_no_more_time_each():
    """A block that copied them, or a search through them all, would take minutes."""
    count = 20000
    names = "".join("{{$v%d := %d}}" % (number, number) for number in range(count))
    blocks = "".join("{{if $v%d}}{{end}}" % number for number in range(count))
    assert render(names + blocks + "{{$v7}}") == "7"


def test_a_width_is_bounded():
    assert len(render('{{printf "%*d" 1000001 1}}')) < 30
    assert len(render('{{printf "%99999d" 1}}')) < 30


# What docker 28.2.2 prints for each, with a volume of these labels.
@pytest.mark.parametrize("template, text", [
    ('{{slice "abcdef" 1 3}} {{slice "abcdef" 2}} {{slice (split "a,b,c" ",") 1}}', "bc cdef [b c]"),
    ('{{html "<a href=\'x\'>&\\"</a>"}}', "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;"),
    ('{{html 1 2 "a"}}', "1 2a"), ("{{.Labels | html}}", "map[a:b c:d]"),
    ('{{js "it\'s \\"<b>\\" & \\n"}}', 'it\\\'s \\"\\u003Cb\\u003E\\" \\u0026 \\u000A'),
    ('{{urlquery "a b&c=d/\u00e9?"}}', "a+b%26c%3Dd%2F%C3%A9%3F"),
    ('{{printf "%t %v %T" true false "a"}}', "true false string"),
    ('{{printf "%6.2f|%g|%e" 1.5 1.5 1.5}}', "  1.50|1.5|1.500000e+00"),
    ('{{printf "%x %X %q" "hi" "hi" "a\\"b"}}', '6869 6869 "a\\"b"'),
    ('{{printf "%c %U %b %o" 65 65 5 8}}', "A U+0041 101 10"), ('{{printf "%d" "x"}}', "%!d(string=x)"),
    ('{{printf "%s" 5}}', "%!s(int=5)"), ('{{printf "a" 5}}', "a%!(EXTRA int=5)"),
    ('{{printf "%d"}}', "%!d(MISSING)"),
    ('{{printf "%*d|%-*d|%*d|%.*f" 5 42 4 7 -3 1 2 3.14159}}', "   42|7   |1  |3.14"),
    ('{{printf "%[2]d %[1]d|" 1 2}}{{printf "%[2]*[1]d" 1 5}}', "2 1|    1"),
    ('{{printf "%[3]d %[x]d" 1}} {{printf "%[2]d %d" 1 2 3}}', "%!d(BADINDEX) %!d(BADINDEX) 2 3"),
    ('{{printf "%*d" "x" 1}} {{printf "%"}}', "%!(BADWIDTH)1 %!(NOVERB)"),
    ('{{define "x"}}[{{.}}]{{end}}{{template "x" .Name}}{{template "x"}}', "[rec][<no value>]"),
    ('{{define "x"}}{{$}}{{$y := 1}}{{$y}}{{end}}{{$y := 2}}{{template `x` .Driver}}{{$y}}', "local12"),
    ('{{block "b" .Name}}<{{.}}>{{end}} {{template "b" 1}}', "<rec> <1>"),
    ('{{range $i, $e := split "a,b,c" ","}}{{if eq $i 2}}{{break}}{{end}}{{$e}}{{else}}x{{end}}', "ab"),
    ('{{range .Labels}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', "d"),
    ('{{printf "%z" 1}}', "%!z(int=1)"), ('{{printf "%+d % d %#x" 5 5 255}}', "+5  5 0xff"),
    ('{{printf "%q" (split "a,b" ",")}}', '["a" "b"]'),
    ('{{printf "%s" .Labels}} {{printf "%q" .Labels}}', 'map[a:b c:d] map["a":"b" "c":"d"]'),
    ('{{printf "%d" .Labels}}', "map[%!d(string=a):%!d(string=b) %!d(string=c):%!d(string=d)]"),
    ("{{1000000.0}} {{123456789.5}} {{1e20}} {{0.00001}} {{0.0001}} {{1e5}}",
     "1e+06 1.234567895e+08 1e+20 1e-05 0.0001 100000"),
    ("{{0x1F}} {{0b11}} {{0o17}} {{017}} {{1_000}} {{1e3}} {{1.5e2}} {{-5}} {{+5}} {{.5}}",
     "31 3 15 15 1000 1000 150 -5 5 0.5"),
    ("{{'a'}} {{'\\n'}} {{'\\x41'}} {{'\u00e9'}} {{printf \"%c\" 'x'}}", "97 10 65 233 x"),
    ("{{.Labels.none}}|{{index .Labels \"none\"}}|{{index .Labels \"a\" 0}}", "<no value>||98"),
    ("{{$x := 1}}{{$x = 2}}{{$x}}", "2"),
    ('{{$x := 1}}{{range split "a,b" ","}}{{$x = .}}{{end}}{{$x}}', "b"),
    ('{{$x := ""}}{{range $i, $v := split "a,b" ","}}{{if $i}}{{$x = printf "%s,%s" $x $v}}{{else}}'
     "{{$x = $v}}{{end}}{{end}}{{$x}}", "a,b"),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x = 3}}{{end}}{{$x}}", "1"),
    ("{{.}}", "{<nil> now local map[a:b c:d] /m rec map[] local map[] <nil>}"),
    ("{{.UsageData}} {{.Options}} {{.Status}} {{json .Options}}", "<nil> map[] map[] null")])
def test_what_docker_prints(template, text):
    volume = {"CreatedAt": "now", "Driver": "local", "Labels": {"a": "b", "c": "d"}, "Mountpoint": "/m",
              "Name": "rec", "Options": None, "Scope": "local"}
    assert render(template, go_struct(volume, "Volume")) == text


@pytest.mark.parametrize("template, text", [
    ("{{.State.Health}}|{{.HostConfig.Binds}}|{{.Config.Volumes}}", "<nil>|[]|map[]"),
    ("{{if .State.Health}}x{{else}}no{{end}}{{len .HostConfig.Binds}}{{json .State.Health}}", "no0null"),
    ('{{index .Config.Volumes "x"}}|{{range .HostConfig.Binds}}x{{end}}|', "||"),
    ('{{join .HostConfig.Binds ","}}|', "|"),
    ("{{.Mounts}}", "[{bind  /tmp /x  ro false rslave}]"),
    ("{{.NetworkSettings.Ports}}", "map[6379/tcp:[] 80/tcp:[{0.0.0.0 8080}]]"),
    ("{{.NetworkSettings.IPAddress}}|{{.HostConfig.Memory}}", "10.0.0.2|5"),
    ("{{.HostConfig.RestartPolicy}} {{.HostConfig.LogConfig}}", "{on-failure 3} { map[]}"),
    ("{{.Config.Healthcheck}} {{.Config.ExposedPorts}}", "{[CMD x] 1m30s 0s 0s 0s 2} map[80/tcp:{}]"),
    ("{{.State}}", "{running true false false false false 12 0    <nil>}"),
    ("{{json .Mounts}}", '[{"Type":"bind","Source":"/tmp","Destination":"/x","Mode":"ro",'
                         '"Propagation":"rslave"}]'),
    ("{{.HostConfig.Resources.Memory}} {{.HostConfig.PidsLimit}} {{.Config.StopTimeout}}", "5 <nil> <nil>"),
    ("{{.Newer.Field}} {{.Newer.Null}}", "7 []")])
def test_types_of_a_container(template, text):
    container = {
        "State": {"Status": "running", "Running": True, "Pid": 12},
        "HostConfig": {"Binds": None, "Memory": 5,
                       "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
        "Mounts": [{"Type": "bind", "Source": "/tmp", "Destination": "/x", "Mode": "ro",
                    "Propagation": "rslave"}],
        "NetworkSettings": {"IPAddress": "10.0.0.2", "Ports": {
            "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "6379/tcp": None}},
        "Config": {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 90 * 10 ** 9, "Retries": 2},
                   "ExposedPorts": {"80/tcp": {}}},
        "Newer": {"Field": 7, "Null": None}}
    assert render(template, go_struct(container, "Container")) == text


@pytest.mark.parametrize("template", ["{{.Nope}}", "{{.Config.Nope}}", "{{.HostConfig.Resources.Nope}}"])
def test_a_struct_has_no_other_fields(template):
    with pytest.raises(TemplateValueError):
        render(template, go_struct({"Config": {}}, "Container"))


@pytest.mark.parametrize("nanoseconds, text", [
    (0, "0s"), (1, "1ns"), (1500, "1.5\u00b5s"), (2 * 10 ** 6, "2ms"), (10 ** 9, "1s"),
    (1500 * 10 ** 6, "1.5s"), (90 * 10 ** 9, "1m30s"), (3600 * 10 ** 9, "1h0m0s"),
    (3661 * 10 ** 9, "1h1m1s")])
def test_durations(nanoseconds, text):
    assert go_duration(nanoseconds) == text


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
