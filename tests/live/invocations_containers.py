"""The commands about containers, given to docker 28.2.2 and to rawdock: see tests/live/invocations.py."""

# ==== table begin: the sessions
SESSIONS = r"""
# An engine without containers
ps
ps -q
ps -aq --no-trunc
ps --format json
ps --format "table {{.ID}}\t{{.Names}}"
ps --format "{{.Nonsense}}"
container ls
container list
container ps -a
stats --no-stream
stats --no-stream --format "{{.Nonsense}}"
container prune --force --filter label=rec-nosuch

# Pause and unpause
+ run -d --name rec-one busybox sleep 600
+ create --name rec-two busybox true
pause rec-one
ps --format "{{.Names}} {{.State}} {{.Status}}"
pause rec-one
pause rec-two rec-nosuch
pause rec-nosuch ""
unpause rec-one
unpause rec-one rec-two
container pause rec-one
container unpause rec-one

# Lists of containers
+ run -d --name rec-one -l color=red -l size=big -p 127.0.0.1:18080:80 -v rec-vol:/data busybox sleep 600
+ create --name rec-two -l color=blue redis:2.8 sh -c "echo a long command that is cut"
+ run -d --name rec-three busybox sh -c "exit 3"
+ wait rec-three
ps
ps -a
ps -a --no-trunc
ps -aq
ps -l
ps -n 2
ps -n 0
ps -n -5
ps -l -n 2
ps -as
ps -a --size --format "{{.Names}} {{.Size}}"
ps --latest --quiet --no-trunc
ps -a --filter status=exited
ps -a -f status=created -f status=running
ps -a --filter exited=3
ps -a --filter label=color
ps -a --filter label=color=red
ps -a --filter name=rec-t
ps -a --filter name=^rec-one$ --filter name=two
ps -a --filter ancestor=redis:2.8
ps -a --filter volume=rec-vol
ps -a --filter publish=80
ps -a --filter network=bridge --format "{{.Names}} {{.Networks}}"
ps -a --filter before=rec-two
ps -a --filter since=rec-two
ps -a --filter before=rec-nosuch
ps -a --filter status=nonsense
ps -a --filter health=none -q
ps -a --filter is-task=false --format "{{.Names}}"
ps -a --filter =
ps --filter nonsense
ps -a --format json --filter name=rec-one
ps -a --format "{{json .}}" --filter name=rec-two
ps -a --format "{{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.RunningFor}} {{.State}} {{.Status}}"
ps -a --format "{{.CreatedAt}} {{.Ports}} {{.Labels}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}}"
ps -a --format "{{.Label \"color\"}}|{{.Platform}}"
ps -a --format "table {{.Names}}\t{{.Label \"color\"}}\t{{.Size}}\t{{.Mounts}}"
ps -a --format "table {{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.CreatedAt}} {{.RunningFor}} {{.Ports}} {{.State}}"
ps -a --format "table {{.Status}} {{.Size}} {{.Labels}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}} {{.Platform}}"
ps -a --format raw
ps -a --format table --no-trunc --filter name=two
ps -a --format "{{.Names | upper}} {{len .Names}} {{printf \"%.3s\" .ID | len}}"
ps -a --format "{{.Names"
ps -a --format "{{upper}}"
ps -qa --format "{{.Names}}"
ps extra
container ls --filter name=rec-one --format "{{.Names}}"
container list -q --filter name=rec-nosuch
container ps --all --format "{{.Names}}"

# Kill, stop, restart, start
+ run -d --name rec-one busybox sleep 600
+ run -d --name rec-two busybox sleep 600
+ create --name rec-three busybox true
kill rec-one rec-nosuch rec-two
kill rec-one
kill -s USR1 rec-three
start rec-one rec-nosuch
start rec-one
start rec-nosuch ""
kill --signal SIGKILL rec-one
kill -s nonsense rec-one
stop rec-one rec-two rec-three
stop rec-nosuch rec-one
start rec-two
stop -t 0 rec-two
stop --timeout=0 rec-two
stop -s KILL rec-two
stop -t x rec-two
restart -t 0 rec-one rec-nosuch
container restart --timeout 0 rec-one
container kill rec-one
container start rec-one
container stop -t0 rec-one
start --attach rec-three
start -a rec-nosuch
start -a rec-one rec-two

# Wait, rename, rm
+ run -d --name rec-one busybox sh -c "exit 3"
+ wait rec-one
+ create --name rec-two busybox true
+ run -d --name rec-three busybox sleep 600
+ run -d --name rec-four busybox sh -c "exit 4"
+ wait rec-four
wait rec-one rec-nosuch rec-four
wait ""
container wait rec-one
rename rec-one rec-new
rename rec-nosuch rec-other
rename rec-new rec-two
rename rec-new rec-new
rename rec-new ""
rename rec-new "bad name"
rename rec-new
container rename rec-new rec-one
rm rec-three
rm rec-one rec-nosuch
rm -f rec-nosuch
rm -f rec-three
rm --volumes rec-two
rm --link rec-four
rm ""
container rm rec-four
container remove rec-nosuch

# Logs
+ run --name rec-one --log-opt labels=color -l color=red busybox sh -c "echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three"
+ run --name rec-pause busybox sleep 1.1
+ create --name rec-two busybox true
logs rec-one
logs -n 1 rec-one
logs --tail 2 rec-one
logs --tail all rec-one
logs --tail nonsense rec-one
logs -t -n1 rec-one
logs --details rec-one
logs --since 1h rec-one
logs --since 2020-01-01 rec-one
logs --since 2020-01-01T10:00 --until 2020-01-02T00:00:00Z rec-one
logs --since 2020-01-01T10:00:00.5+02:00 rec-one
logs --until 0s rec-one
logs --until 10m rec-one
logs --since 1577836800.25 rec-one
logs --since nonsense rec-one
logs --until nonsense rec-one
logs -f rec-one
logs rec-two
logs rec-nosuch
logs ""
logs
container logs rec-one

# Inspect
+ create --name rec-one -l a.b=c --memory 64m busybox true
+ volume create rec-vol
+ network create rec-net
inspect -f "{{.Name}} {{.Config.Cmd}} {{.Config.Labels}}" rec-one
inspect --format "{{.State.Status}} {{.HostConfig.Memory}}" rec-one rec-one
inspect -f "{{json .Config.Labels}}" rec-one
inspect -f "{{index .Config.Labels \"a.b\"}}" rec-one
inspect -f "{{.Nonsense}}" rec-one
inspect -f "{{.Name" rec-one
inspect -f "{{.Name}}" rec-nosuch
inspect rec-nosuch
inspect rec-nosuch rec-absent
inspect -f "{{.Name}}" rec-one rec-nosuch rec-net
inspect --type container -f "{{.Name}}" rec-one
inspect --type image rec-one
inspect --type container rec-nosuch
inspect --type volume -f "{{.Driver}}" rec-vol
inspect --type network -f "{{.Name}} {{.Driver}}" rec-net
inspect --type network rec-nosuch
inspect --type nonsense rec-one
inspect --type "" -f "{{.Name}}" rec-one
inspect -s -f "{{.SizeRw}}" rec-one
inspect --size --type container -f "{{.SizeRw}}" rec-one
inspect -s --type network -f "{{.Name}}" rec-net
inspect ""
inspect
container inspect -f "{{.Name}}" rec-one
container inspect -s -f "{{.SizeRw}} {{.Name}}" rec-one
container inspect rec-nosuch
container inspect -f "{{.Name}}" rec-nosuch
container inspect rec-net

# Events
+ create --name rec-{n} -l color=red busybox true
+ start rec-{n}
+ wait rec-{n}
+ rename rec-{n} rec-other-{n}
+ run --name rec-pause busybox sleep 1.1
events --since 1h --until 0s --filter container=rec-{n} --filter event=create
events --since 1h --until 0s --filter container=rec-{n} --filter event=start --format "{{.Status}} {{.Type}} {{.Action}}"
events --since 1h --until 0s --filter container=rec-{n} --format "{{.Action}} {{.Actor.Attributes.image}}"
events --since 1h --until 0s -f container=rec-other-{n} -f event=rename --format "{{json .Actor.Attributes}}"
events --since 1h --until 0s --filter container=rec-{n} --filter event=die --format "{{.Nonsense}}"
events --since 1h --until 0s --filter nonsense
events --since nonsense
events --until nonsense
events extra
system events --since 1h --until 0s --filter container=rec-{n} --filter event=die --format "{{.From}} {{.Scope}}"

# Port
+ run -d --name rec-one -p 127.0.0.1:18080:80 -p 127.0.0.1:18090:90/udp -p 127.0.0.1:18091:80 --expose 99 busybox sleep 600
+ create --name rec-two busybox true
port rec-one
port rec-one 80
port rec-one 80/tcp
port rec-one 90/udp
port rec-one 90
port rec-one 99
port rec-one 99/tcp
port rec-one nonsense
port rec-one 70000
port rec-one -- -1
port rec-one 80/nonsense
port rec-one ""
port rec-two
port rec-two 80
port rec-nosuch
port ""
port
port rec-one 80 90
container port rec-one 80

# Top
+ run -d --name rec-one busybox sleep 600
+ create --name rec-two busybox true
top rec-one
top rec-one -o pid,args
top rec-one -o args=WHAT
top rec-one nonsense
top rec-two
top rec-nosuch
top ""
top
container top rec-one -eo user,comm

# Statistics
= side by side
+ run -d --name rec-one busybox sleep 600
+ create --name rec-two busybox true
stats --no-stream rec-one
stats --no-stream
stats --no-stream -a
stats --no-stream --no-trunc rec-one
stats --no-stream rec-two
stats --no-stream rec-nosuch
stats rec-nosuch rec-absent
stats --no-stream rec-one rec-nosuch
stats --no-stream ""
stats --no-stream --format json rec-one
stats --no-stream --format "{{json .}}" rec-two
stats --no-stream --format "{{.Container}} {{.Name}} {{.ID}} {{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.BlockIO}} {{.MemPerc}} {{.PIDs}}" rec-one
stats --no-stream --format "table {{.Container}}\t{{.Name}}\t{{.ID}}\t{{.CPUPerc}}\t{{.PIDs}}" rec-one
stats --no-stream --format "table {{.MemUsage}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.MemPerc}}" rec-one
stats --no-stream --format table rec-one rec-one
stats --no-stream --format raw rec-one
stats --no-stream --format "{{.Nonsense}}" rec-one
stats --no-stream --format "{{.Name" rec-one
container stats --no-stream --format "{{.Name}}" rec-one rec-two

# Diff, commit, export
+ run --name rec-one busybox sh -c "echo hello > /new; rm /etc/passwd; echo x >> /etc/group; mkdir /folder"
+ create --name rec-two busybox true
diff rec-one
diff rec-two
diff rec-nosuch
diff ""
diff
diff rec-one rec-two
container diff rec-one
commit rec-one rec-image
commit -m "a message" -a "an author" rec-one rec-image:two
inspect -f "{{.Comment}} {{.Author}} {{.RepoTags}}" rec-image:two
commit -c "ENV A=b" --change "CMD [\"true\"]" rec-one rec-image:three
image inspect -f "{{.Config.Cmd}}" rec-image:three
commit --pause=false rec-two localhost:5000/rec-image
commit -c "RUN true" rec-one
commit rec-one Rec-Image
commit rec-one rec-image@sha256:95ca67465316576e8d6c0c6f7261b2fa82c5424964558257f230f132a693f126
commit rec-nosuch
commit ""
commit
commit rec-one rec-image extra
container commit rec-two rec-image:four
rmi rec-nosuch
export -o out.tar rec-one
export --output=out.tar rec-one
export -o no-such-folder/out.tar rec-one
export -o . rec-one
export -o /dev/null rec-one
export -o out.tar/x rec-one
export -o out.tar rec-nosuch
export rec-nosuch
export ""
export
container export -o out.tar rec-two

# Container prune
+ create --name rec-one -l rec-{n}=1 busybox true
+ create --name rec-two -l rec-{n}=2 busybox true
container prune --filter label=rec-{n}=1
container prune --filter label=rec-{n}=1 < n
container prune --filter label=rec-{n}=1 < y
container prune -f --filter label=rec-{n} --filter label!=rec-{n}=2
container prune -f --filter until=nonsense
container prune -f --filter nonsense=1
container prune -f --filter nonsense
container prune extra
container prune --filter label=rec-{n}=2 --force=false < Y

# Wrong words
pause
unpause --nonsense rec-one
top --nonsense
stats --nonsense
stats --no-stream=nonsense
ps -n x
ps -a=x
ps --format
ps -z
kill
kill -s
stop
restart
start
rm
wait
rename
commit --nonsense
export -z
container nonsense
"""
# ==== table end
