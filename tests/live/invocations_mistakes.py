"""Names that are not there, several of them, and empty ones, given to docker 28.2.2 and to rawdock.

See tests/live/invocations.py. Mistakes that need no engine are in tests/live/command_lines.py.
"""

# ==== table begin: the sessions
SESSIONS = r"""
# Containers that are not there
+ create --name rec-one busybox true
attach rec-nosuch
attach rec-one
attach rec-one rec-nosuch
attach --no-stdin rec-one
attach --detach-keys "x y" rec-one
attach ""
exec rec-nosuch true
exec rec-one true
exec rec-one
exec "" true
exec -d rec-nosuch true
exec -w relative rec-one true
container exec -it rec-nosuch true
create rec-nosuch-image
create --name rec-one busybox
create --name "bad name" busybox
create ""
container create rec-nosuch-image
run --rm rec-nosuch-image true
run --name rec-one busybox true
run --rm -p 80:x busybox true
run -it busybox true
container run rec-nosuch-image
container inspect ""
container inspect rec-nosuch rec-one rec-absent -f "{{.Name}}"
container inspect --type container rec-one
diff rec-nosuch rec-absent
kill rec-nosuch rec-absent
logs rec-nosuch rec-absent
pause rec-nosuch rec-absent
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
image history
images rec-nosuch
images -f reference=UPPER
image ls extra more
image inspect ""
image inspect -f "{{.RepoTags}}" rec-nosuch rec-img:one rec-absent
image inspect --platform x/y/z/a rec-img:one
pull ""
pull rec-nosuch
pull rec-nosuch:tag
pull -q rec-nosuch
pull busybox rec-nosuch
pull busybox:latest:x
pull --platform nonsense/x/y/z busybox
push ""
push rec-img:one rec-img:two
image push
rmi ""
rmi rec-nosuch rec-absent
rmi -f rec-nosuch rec-absent
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
search ""

# Volumes that are not there
+ volume create rec-v1
volume inspect ""
volume inspect rec-none rec-absent
volume inspect -f "{{.Name}}" rec-none rec-v1 rec-absent
volume ls --format
volume ls -f name
volume rm ""
volume rm rec-none rec-absent
volume rm -f rec-none rec-absent
volume create ""
volume create rec/v
volume update rec-none
volume update rec-v1 rec-none
volume update --availability nonsense rec-v1

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
network disconnect
network disconnect rec-none rec-box
network disconnect rec-net rec-nosuch
network disconnect rec-net rec-box rec-more
network disconnect rec-net ""
network inspect ""
network inspect rec-none rec-absent
network inspect -f "{{.Name}}" rec-none rec-net rec-absent
network ls -f driver
network rm ""
network rm rec-none rec-absent
network rm -f rec-none rec-absent
network create ""

# The engine and the rest
system df -v extra
version --format
events --filter
images ""
"""
# ==== table end
