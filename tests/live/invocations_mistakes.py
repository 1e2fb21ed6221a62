"""Names that are not there, too many and too few words, given to docker 28.2.2 and to rawdock.

See tests/live/invocations.py. What the other files have is not repeated here.
"""

# ==== table begin: the sessions
SESSIONS = r"""
# Containers that are not there
+ create --name rec-one busybox true
attach rec-nosuch
attach rec-one
attach
attach rec-one rec-nosuch
attach --no-stdin rec-one
attach --detach-keys "x y" rec-one
attach ""
exec rec-nosuch true
exec rec-one true
exec rec-one
exec
exec "" true
exec -d rec-nosuch true
exec -w relative rec-one true
exec --nosuch rec-one true
container exec -it rec-nosuch true
create
create rec-nosuch-image
create --name rec-one busybox
create --name "bad name" busybox
create --nosuch busybox
create -p x busybox
create ""
container create rec-nosuch-image
run
run --rm rec-nosuch-image true
run --name rec-one busybox true
run -d --nosuch busybox
run --rm -p 80:x busybox true
run -it busybox true
container run rec-nosuch-image
container inspect
container inspect ""
container inspect rec-nosuch rec-one rec-absent -f "{{.Name}}"
container inspect --type container rec-one
diff rec-nosuch rec-absent
kill rec-nosuch rec-absent
logs rec-nosuch rec-absent
pause rec-nosuch rec-absent
unpause
unpause ""
unpause rec-nosuch rec-absent
port rec-nosuch 80
restart rec-nosuch rec-absent
restart ""
rm rec-nosuch rec-absent
rm -f rec-nosuch rec-absent
start rec-nosuch rec-absent
start -ai rec-nosuch rec-absent
stop rec-nosuch rec-absent
stop ""
wait rec-nosuch rec-absent
update rec-nosuch
update --cpus x rec-one
update --restart nonsense rec-nosuch
update --cpus 1 ""
top rec-nosuch -o pid
commit rec-nosuch ""
rename "" rec-new
rename rec-one
container top
container port
container wait rec-nosuch
container logs rec-nosuch
container attach rec-nosuch
container stats --no-stream rec-nosuch
container update --cpus 1 rec-nosuch
container pause rec-nosuch
container unpause rec-nosuch
container restart rec-nosuch
container rename rec-nosuch rec-new
container commit rec-nosuch
container diff rec-nosuch
container export rec-nosuch
container kill rec-nosuch
container start rec-nosuch
container stop rec-nosuch

# Images that are not there
+ tag busybox rec-img:one
history rec-nosuch
history ""
history rec-img:one rec-nosuch
history --nosuch rec-img:one
image history
images --nosuch
images ""
images rec-nosuch
images -f reference=UPPER
image ls extra more
image inspect ""
image inspect -f "{{.RepoTags}}" rec-nosuch rec-img:one rec-absent
image inspect --platform x/y/z/a rec-img:one
pull
pull ""
pull rec-nosuch
pull rec-nosuch:tag
pull -q rec-nosuch
pull busybox rec-nosuch
pull busybox:latest:x
pull --platform nonsense/x/y/z busybox
pull --nosuch busybox
image pull
push ""
push rec-img:one rec-img:two
push --nosuch rec-img:one
image push
rmi
rmi ""
rmi rec-nosuch rec-absent
rmi -f rec-nosuch rec-absent
rmi --nosuch rec-img:one
rmi UPPER
image rm rec-nosuch
tag
tag rec-nosuch rec-img:two
tag rec-img:one ""
tag "" rec-img:two
tag rec-img:one rec-img:two:three
tag rec-img:one rec-img:two rec-img:three
image tag
search busybox rec-nosuch
search --nosuch busybox
search ""

# Volumes that are not there
+ volume create rec-v1
volume inspect ""
volume inspect rec-none rec-absent
volume inspect -f "{{.Name}}" rec-none rec-v1 rec-absent
volume inspect --nosuch rec-v1
volume ls --format
volume ls -f name
volume rm ""
volume rm rec-none rec-absent
volume rm -f rec-none rec-absent
volume rm --nosuch rec-v1
volume create --nosuch
volume create ""
volume create rec/v
volume update
volume update rec-none
volume update rec-v1 rec-none
volume update --availability nonsense rec-v1
volume prune --nosuch
volume nonsense
volume

# Networks that are not there
+ network create --subnet 10.131.0.0/16 rec-net
+ create --name rec-box busybox true
network connect
network connect rec-none rec-nosuch
network connect rec-net rec-box rec-more
network connect "" rec-box
network connect rec-net ""
network connect --ip x rec-net rec-box
network connect --ip 10.132.0.9 rec-net rec-box
network connect --nosuch rec-net rec-box
network disconnect
network disconnect rec-none rec-box
network disconnect rec-net rec-nosuch
network disconnect rec-net rec-box rec-more
network disconnect rec-net ""
network disconnect --nosuch rec-net rec-box
network inspect ""
network inspect rec-none rec-absent
network inspect -f "{{.Name}}" rec-none rec-net rec-absent
network ls --nosuch
network ls -f driver
network rm ""
network rm rec-none rec-absent
network rm -f rec-none rec-absent
network rm --nosuch rec-net
network create ""
network create --nosuch rec-x
network prune extra
network prune --nosuch
network

# The engine and the rest
system df --nosuch
system df -v extra
system prune --nosuch
system info extra
system info --nosuch
system events extra
system events --nosuch
system
version extra
version --nosuch
version --format
info --nosuch
events --nosuch
events --filter
ps --nosuch
image
image prune --nosuch
container prune --nosuch
container
"""
# ==== table end
