"""The commands about volumes, networks, images and the engine: see tests/live/invocations.py."""

# ==== table begin: the sessions
SESSIONS = r"""
# Volumes in lists
+ volume create --label rec=one rec-v1
+ volume create rec-v2
+ volume create rec-v10
+ create --name rec-user -v rec-v1:/x busybox true
volume ls -f name=rec-
volume list -f name=rec-
volume ls -q -f name=rec-
volume ls --quiet --filter name=rec-v1
volume ls -f name=rec- -f dangling=true
volume ls -f name=rec- -f dangling=false
volume ls -f label=rec
volume ls -f label=rec=one -q
volume ls -f label=rec=two
volume ls -f name=rec- -f driver=local
volume ls -f name=rec- --format json
volume ls -f name=rec- --format "{{json .}}"
volume ls -f name=rec- --format table
volume ls -f name=rec- --format raw
volume ls -q -f name=rec- --format raw
volume ls -q -f name=rec- --format table
volume ls -q -f name=rec- --format "{{.Driver}}"
volume ls -f name=rec- --format "{{.Name}} {{.Labels}} {{.Links}} {{.Size}} {{.Group}}"
volume ls -f name=rec- --format "{{.Scope}} {{.Status}} {{.Availability}}"
volume ls -f name=rec- --format "table {{.Name}}\t{{.Size}}\t{{.Label \"rec\"}}"
volume ls -f name=rec- --format "table {{.Name | upper}}\t{{.Driver}}"
volume ls -f name=rec-v2 --format "{{.Name}}\t{{.Driver}}\n"
volume ls -f name=rec- --format "{{.Nope}}"
volume ls -f name=rec- --format "{{.Name"
volume ls -f name=rec- --format "{{nope .Name}}"
volume ls -f foo
volume ls -f foo=bar
volume ls --cluster
volume ls extra
volume ls --no-such-flag

# Drivers that the engine looks for during 15 seconds
= side by side
volume create -d rec-nodriver rec-c
network create -d rec-nodriver rec-x

# Volumes: one after the other
volume create rec-a
volume create rec-a
volume create --label k=v --label empty -d local rec-b
volume inspect rec-a rec-b -f "{{.Name}} {{.Driver}} {{.Labels}} {{.Options}} {{.Scope}}"
volume inspect -f "{{json .Labels}}" rec-b
volume inspect -f "{{.Labels.k}} {{index .Labels \"k\"}} {{.Labels.none}}" rec-b
volume inspect -f "{{.Nope}}" rec-a
volume inspect -f "{{.UsageData}} {{.Status}} {{.ClusterVolume}}" rec-a
volume inspect rec-a
volume inspect rec-a rec-none
volume inspect rec-none
volume inspect -f "{{.Name}}" rec-none rec-a
volume inspect -f json rec-b
volume inspect
volume create --opt nonsense rec-c
volume create --label =x rec-c
volume create rec!
volume create one two
volume create --name rec-d rec-e
volume create --name rec-d
volume create --availability pause rec-c
volume create --group g --type mount rec-c
volume update --availability pause rec-a
volume update rec-a
volume rm rec-none rec-a rec-none2
volume rm -f rec-none
volume remove rec-b rec-d
volume rm
volume nosuch
volume prune
volume prune < n
volume prune -f --filter label=rec-none
volume prune --filter label=rec-none < y
volume prune -f --filter nonsense=1
volume prune --filter nonsense
volume prune -a
volume prune extra

# A volume in use
+ volume create rec-used
+ create --name rec-user -v rec-used:/x busybox true
system df -v --format "{{range .Volumes}}{{if eq .Name \"rec-used\"}}{{.Name}} {{.Driver}}{{end}}{{end}}"

# Pruned volumes
+ volume create --label rec=prune rec-p1
+ volume create --label rec=prune rec-p2
volume prune -f --filter label=rec=prune --filter label!=rec=prune
volume prune -f --filter label=rec=none
volume ls -q -f name=rec-p

# Networks in lists
+ network create --label rec=one --subnet 10.121.0.0/16 rec-n1
+ network create --internal --subnet 10.122.0.0/16 rec-n2
network ls -f name=rec-
network list -f name=rec-
network ls -q -f name=rec-
network ls --no-trunc -f name=rec-
network ls -q --no-trunc -f name=rec-
network ls -f name=rec- -f driver=bridge
network ls -f name=rec- -f driver=overlay
network ls -f label=rec=one
network ls -f name=rec- -f scope=local -q
network ls -f type=builtin
network ls -f name=rec- --format json
network ls -f name=rec- --format raw
network ls -q -f name=rec- --format raw
network ls -f name=rec- --format "{{.Name}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Labels}}"
network ls -f name=rec- --format "table {{.ID}}\t{{.Name}}\t{{.CreatedAt}}"
network ls -f name=rec- --format "{{.Label \"rec\"}}|{{.Driver}}"
network ls -f name=rec- --format "{{.Nope}}"
network ls -f foo=bar
network ls -f foo
network ls extra
network inspect rec-n1
network inspect -v rec-n2
network inspect -f "{{.Name}} {{.Driver}} {{.Internal}} {{.Labels}} {{.Options}}" rec-n1 rec-n2
network inspect -f "{{.IPAM.Driver}} {{.Containers}} {{.ConfigFrom}} {{.Peers}}" rec-n1
network inspect -f "{{json .Options}}" rec-n1
network inspect rec-none rec-n1
network inspect -f "{{.Name}}" rec-none
network inspect

# A network with everything
network create --subnet 10.123.0.0/16 --gateway 10.123.0.9 --ip-range 10.123.5.0/24 --aux-address a=10.123.0.7 --label k=v rec-full
network inspect -f "{{.IPAM}} {{.Labels}}" rec-full
network create rec-full
network create --subnet x rec-x
network create --gateway 1.2.3.4 rec-x
network create --subnet 10.124.0.0/16 --gateway 10.125.0.1 rec-x
network create --subnet 10.124.0.0/16 --subnet 10.124.2.0/24 rec-x
network create --subnet 10.124.0.0/16 --ip-range 10.125.0.0/24 rec-x
network create --subnet 10.124.0.0/16 --ip-range x rec-x
network create --subnet 10.124.0.0/16 --aux-address a=10.125.0.1 rec-x
network create --aux-address a rec-x
network create --subnet x --gateway 10.124.0.1 rec-x
network create --subnet 10.124.0.0/16,10.126.0.0/16 --gateway 10.124.0.1 --gateway 10.124.0.2 rec-x
network create --label =x rec-x
network create --ipv4=x rec-x
network create
network create one two
network rm rec-none rec-full rec-none2
network rm -f rec-none
network remove rec-none
network rm

# Networks and containers
+ network create --subnet 10.127.0.0/16 rec-net
+ create --name rec-box busybox true
network connect --alias one,two --alias three --ip 10.127.0.77 rec-net rec-box
inspect -f "{{(index .NetworkSettings.Networks \"rec-net\").IPAMConfig}}" rec-none
network connect rec-net rec-box
network connect rec-none rec-box
network connect rec-net rec-none
network connect --driver-opt x rec-net rec-box
network connect --link a:b:c rec-net rec-box
network connect --gw-priority x rec-net rec-box
network connect rec-net
network disconnect rec-net rec-box
network disconnect rec-net rec-box
network disconnect -f rec-net rec-box
network disconnect rec-net rec-none
network disconnect rec-net
network rm rec-net
network prune
network prune < n
network prune -f --filter label=rec-none
network prune --filter label=rec-none < y
network prune -f --filter foo=bar
network nosuch

# Pruned networks
+ network create --label rec=prune rec-p1
network prune -f --filter label=rec=prune
network ls -q -f name=rec-p1

# Images
+ tag busybox rec-img:one
images rec-img
images rec-img:one
images rec-img:two
image ls rec-img
image list rec-img
images -q rec-img
images -q --no-trunc rec-img
images --no-trunc rec-img
images --digests rec-img
images -a rec-img
images -f reference=rec-img
images -f reference=rec-img:tw*
images rec-img --format json
images rec-img --format "{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}} {{.CreatedAt}} {{.Containers}}"
images rec-img --format "table {{.Repository}}\t{{.Digest}}\t{{.SharedSize}}\t{{.UniqueSize}}"
images rec-img --format raw
images --digests rec-img --format raw
images -q rec-img --format "{{.Tag}}"
images rec-img --format "{{.Nope}}"
images -f foo
images -f foo=bar
images -f dangling=maybe
images one two
images --tree
image inspect -f "{{.Os}}/{{.Architecture}} {{.RootFS.Type}} {{.Config.Cmd}} {{.Config.Entrypoint}}" rec-img:one
image inspect -f "{{.Config.Healthcheck}} {{.Variant}}|{{.Parent}}|{{.Author}}|{{.Comment}}" rec-img:one
image inspect rec-none
image inspect --platform linux/amd64 rec-img:one
image inspect
history rec-img:one
history -q rec-img:one
history --no-trunc rec-img:one
history -H=false rec-img:one
history --format json rec-img:one
history --format "table {{.ID}}\t{{.CreatedAt}}\t{{.Size}}" rec-img:one
history --human=false --format "{{.Size}} {{.CreatedSince}}" rec-img:one
image history rec-none
history --platform linux/arm64 rec-img:one
history
tag rec-img:one rec-img:two
image tag rec-none rec-img:three
tag rec-img:one rec-img@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
tag rec-img:one UPPER
tag UPPER rec-img:two
tag rec-img:one
rmi --platform linux/amd64 rec-img:two
rmi rec-img:two
image rm rec-none rec-img:one rec-none2
image remove -f rec-none
image rm
image nosuch
image prune
image prune -a < n
image prune -f --filter label=rec-none
image prune --filter label=rec-none < y
image prune -f --filter foo=bar
image prune --filter foo
image prune extra

# Push, pull and search
+ tag busybox {registry}/rec-{n}/i:one
push -q {registry}/rec-{n}/i:one
push {registry}/rec-{n}/i
push -a {registry}/rec-{n}/i:one
push {registry}/rec-{n}/i@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
push rec-none
push -q rec-none:x
push --platform linux/amd64 rec-none
push
rmi {registry}/rec-{n}/i:one
image pull {registry}/rec-{n}/i:one
pull -q {registry}/rec-{n}/i:one
pull -a {registry}/rec-{n}/i:one
image rm {registry}/rec-{n}/i:one
search --limit 1000 busybox
search --limit x busybox
search -f foo=bar busybox
search -f stars=x busybox
search -f foo busybox
search

# The engine
system df
system df --format json
system df --format "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}"
system df --format raw
system df --format "table {{.Type}}\t{{.Size}}"
system df --format "{{.Nope}}"
system df extra
system prune
system prune < n
system prune -a --volumes
system prune -a --volumes --filter label=rec-b10 --filter label=rec-b9 --filter label!=rec-c
system prune --filter label=rec-none < y
system prune -af --volumes --filter label=rec-none
system prune --volumes --filter until=1h
system prune --filter until
system prune extra
container prune
container prune -f --filter label=rec-none
container prune -f --filter foo=bar
system info -f "{{.ServerVersion}} {{.OSType}} {{.Swarm.LocalNodeState}}"
info -f "{{.Driver}} {{.LoggingDriver}} {{.Plugins.Log}} {{.ContainerdCommit}}"
info --format "{{.Nope}}"
info extra
version -f "{{.Server.Version}} {{.Server.APIVersion}} {{.Server.Os}}"
version -f "{{json .Server.Platform}}"
version -f "a\tb"
system events --since 1 --until 2
events --since 1 --until 2 --format json
system events --since x
system events -f foo
system nosuch

# Pruned containers
+ create --name rec-p1 --label rec=prune busybox true
container prune -f --filter label=rec=prune
container prune --filter label=rec=prune < y

# Templates
+ volume create --label a=b --label c=d rec-t
volume inspect -f "{{slice .Name 1 3}} {{html \"<&>\"}} {{js \"<'>\"}} {{urlquery \"a b&c\"}}" rec-t
volume inspect -f "{{printf \"%5s|%-5s|%05d|%x|%q|%T\" \"a\" \"b\" 42 255 \"q\" .Name}}" rec-t
volume inspect -f "{{printf \"%d %s\" \"x\" 5}} {{print 1 2 \"a\"}} {{println .Name}}" rec-t
volume inspect -f "{{$x := 1}}{{range $k, $v := .Labels}}{{$x = $k}}{{end}}{{$x}}" rec-t
volume inspect -f "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{else}}none{{end}}" rec-t
volume inspect -f "{{with .Options}}x{{else}}none{{end}} {{if and .Name (eq .Driver \"local\")}}yes{{end}}" rec-t
volume inspect -f "{{len .Labels}} {{index .Labels \"a\"}} {{.Labels}} {{json .Labels}}" rec-t
volume inspect -f "{{join (split .Name \"-\") \"+\"}} {{upper .Name}} {{title \"ab\"}} {{pad \"x\" 1 1}}." rec-t
volume inspect -f "{{eq 1 1.0}}" rec-t
volume inspect -f "{{index .Labels 1}}" rec-t
volume inspect -f "{{.Name.Foo}}" rec-t
volume inspect -f "{{1e3}} {{0x1F}} {{'a'}} {{1000000.0}} {{017}}" rec-t
volume inspect -f "{{- .Name -}} x {{/* comment */ -}} y" rec-t
volume inspect -f "{{end}}" rec-t
"""
# ==== table end
