"""Templates, given to docker 28.2.2 and to rawdock: see tests/live/invocations.py."""

# ==== table begin: the sessions
SESSIONS = r"""
# Named templates and loops
+ volume create --label a=b --label c=d rec-t
volume inspect -f '{{define "x"}}[{{.}}]{{end}}{{template "x" .Name}}{{template "x"}}' rec-t
volume inspect -f '{{block "b" .Name}}<{{.}}>{{end}} {{template "b" 1}}' rec-t
volume inspect -f '{{define "x"}}{{$}}{{end}}{{template "x" .Driver}}' rec-t
volume inspect -f '{{range $i, $e := (split .Name "")}}{{if eq $i 2}}{{break}}{{end}}{{$e}}{{end}}' rec-t
volume inspect -f '{{range .Labels}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}' rec-t
volume inspect -f '{{template "nope" .}}' rec-t
volume inspect -f '{{template}}' rec-t
volume inspect -f '{{define "a"}}1{{end}}{{define "a"}}2{{end}}' rec-t
volume inspect -f '{{if .Name}}{{define "a"}}1{{end}}{{end}}' rec-t
volume inspect -f '{{$y := 1}}{{define "x"}}{{$y}}{{end}}' rec-t
volume inspect -f '{{block "b"}}x{{end}}' rec-t
volume inspect -f '{{break}}' rec-t
volume inspect -f '{{range .Labels}}{{continue 1}}{{end}}' rec-t
volume inspect -f '{{define "r"}}{{template "r"}}{{end}}{{template "r"}}' rec-t
volume inspect -f '{{if .Name}}' rec-t

# Widths and indexes of printf
+ volume create rec-t
volume inspect -f '{{printf "%*d|%-*d|%*d|%.*f" 5 42 4 7 -3 1 2 3.14159}}' rec-t
volume inspect -f '{{printf "%[2]d %[1]d|" 1 2}}{{printf "%[2]*[1]d" 1 5}}' rec-t
volume inspect -f '{{printf "%[3]d %[x]d" 1}} {{printf "%[2]d %d" 1 2 3}}' rec-t
volume inspect -f '{{printf "%*d" "x" 1}} {{printf "%"}} {{printf "%!"}} {{printf "%.*d" -1 5}}' rec-t

# Arguments that a function does not take
+ volume create --label a=b --label c=d rec-t
volume inspect -f '{{upper}}' rec-t
volume inspect -f '{{.Name | upper .Name}}' rec-t
volume inspect -f '{{upper 1}}' rec-t
volume inspect -f '{{upper .Labels}}' rec-t
volume inspect -f '{{upper nil}}' rec-t
volume inspect -f '{{split .Name}}' rec-t
volume inspect -f '{{join .Name "x"}}' rec-t
volume inspect -f '{{truncate .Name "x"}}' rec-t
volume inspect -f '{{truncate .Name -1}}' rec-t
volume inspect -f '{{len 1}}' rec-t
volume inspect -f '{{index}}' rec-t
volume inspect -f '{{index .Name 99}}' rec-t
volume inspect -f '{{index .Name "a"}}' rec-t
volume inspect -f '{{index 1 1}}' rec-t
volume inspect -f '{{index nil}}' rec-t
volume inspect -f '{{slice .Name 1 99}}' rec-t
volume inspect -f '{{slice .Name 2 1}}' rec-t
volume inspect -f '{{slice .Labels 1}}' rec-t
volume inspect -f '{{eq}}' rec-t
volume inspect -f '{{eq 1}}' rec-t
volume inspect -f '{{eq 1 "a"}}' rec-t
volume inspect -f '{{eq .Labels .Labels}}' rec-t
volume inspect -f '{{lt true false}}' rec-t
volume inspect -f '{{not 1 2}}' rec-t
volume inspect -f '{{or}}' rec-t
volume inspect -f '{{.Name 1}}' rec-t
volume inspect -f '{{1 2}}' rec-t
volume inspect -f '{{"a" | 1}}' rec-t
volume inspect -f '{{nil | upper}}' rec-t
volume inspect -f '{{range .Name}}x{{end}}' rec-t
volume inspect -f '{{range .}}x{{end}}' rec-t

# What a template cannot be
+ volume create rec-t
volume inspect -f '{{if}}x{{end}}' rec-t
volume inspect -f '{{else}}' rec-t
volume inspect -f '{{if .Name}}a{{else}}b{{else}}c{{end}}' rec-t
volume inspect -f '{{if .Name}}a{{else range .Name}}b{{end}}' rec-t
volume inspect -f '{{}}' rec-t
volume inspect -f '{{|}}' rec-t
volume inspect -f '{{(.Name}}' rec-t
volume inspect -f '{{.Name)}}' rec-t
volume inspect -f '{{()}}' rec-t
volume inspect -f "{{'ab'}}" rec-t
volume inspect -f '{{1x}}' rec-t
volume inspect -f '{{/* a}}' rec-t
volume inspect -f '{{/* a */ .Name}}' rec-t
volume inspect -f '{{$x, $y := 1}}' rec-t
volume inspect -f '{{.Name := 1}}' rec-t
volume inspect -f '{{"a".x}}' rec-t
volume inspect -f '{{$x}}' rec-t

# Fields that are not there
+ volume create --label a=b rec-t
+ create --name rec-one --ulimit nofile=10:20 --ulimit nproc=5 busybox true
volume inspect -f '{{.Labels.x.y}} {{.Status.x}}' rec-t
volume inspect -f '{{.Labels.a.y}}' rec-t
volume inspect -f '{{$x := 1}}{{$x.Foo}}' rec-t
inspect -f '{{.Nope}}' rec-t
inspect -f '{{.State.Health.Status}}' rec-one
inspect -f '{{.Name.x}}' rec-one
inspect -f '{{.Mounts.x}}' rec-one
inspect -f '{{.HostConfig.Ulimits}} {{json .HostConfig.Ulimits}}' rec-one
inspect -f '{{range .HostConfig.Ulimits}}{{.}} {{.Name}} {{.Soft}};{{end}}' rec-one
image inspect -f '{{.Config.Nope}}' busybox
network inspect -f '{{.Nope}}' bridge
ps -a --format '{{.ID.x}}'
ps -a --format '{{.Label}}'
ps -a --format '{{.Label 1}}'
ps -a --format 'table {{upper}}'
images --format '{{.ID.x}}'
version -f '{{.Nope}}'
version -f '{{.Client.Nope}}'
version -f '{{.Server}}'
version -f '{{.Server.Platform}} {{.Server.Components}}'
info -f '{{.Swarm.Nope}}'
info -f '{{.Name'
"""
# ==== table end
