"""Flags of run, create and update, given to docker 28.2.2 and to rawdock: see tests/live/invocations.py."""

SESSIONS = r"""
# Update
+ run -d --name rec-one --memory 32m --memory-swap 64m busybox sleep 600
+ create --name rec-two busybox
update rec-one
update
update --memory 40m --memory-swap 80m rec-one
update --cpu-shares 300 --restart on-failure:3 --pids-limit 77 rec-one rec-two
inspect -f "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}" rec-one
inspect -f "{{.HostConfig.RestartPolicy}}" rec-one rec-two
update --cpus 0.5 rec-no rec-two
update --cpus 0.5 rec-no
update --memory 4k rec-one
update --restart foo rec-two
update --blkio-weight 70000 rec-one
update --memory x rec-one
update --nosuch rec-one
container update --cpu-shares 500 rec-two
update --kernel-memory 64m rec-two
update --cpuset-cpus 99 rec-one

# Streams of run
run --rm -a stdout busybox sh -c "echo out; echo err >&2; exit 3"
run --rm -a stderr busybox sh -c "echo out; echo err >&2"
run --rm -a STDOUT --attach stderr busybox sh -c "echo out; sleep 0.1; echo err >&2"
run --rm -a stdin busybox sh -c "echo out; exit 4"
run --rm -i -a stdout busybox cat < typed
run --rm -a stdin -i busybox sh -c 'read line; test "$line" = typed' < typed
run --rm -a x busybox true
run -d -a stdout busybox true
run --rm -i -a stdin -a stdout -a stderr busybox cat < typed

# The file of the id
run --rm --cidfile cid busybox true
run --rm --cidfile cid busybox true
create --name rec-cid --cidfile /no/such/folder/cid busybox true
create --name rec-cid --cidfile cid2 busybox true
create --name rec-cid --cidfile cid3 busybox true
create --name rec-other --cidfile cid3 busybox true
create --name rec-more --cidfile cid2 busybox true

# Networks of a container that runs
+ network create --subnet 10.78.0.0/24 rec-net
run --rm --network rec-net --ip 10.78.0.9 --mac-address 02:42:0a:4e:00:09 busybox true
run --rm --network rec-net --ip 10.78.0.9 --network-alias x busybox sh -c "ip a | grep -o 'inet 10[0-9.]*'"
run --rm --network name=rec-net,ip=10.78.0.10,alias=x busybox sh -c "ip a | grep -o 'inet 10[0-9.]*'"
run --rm --network rec-net --ip 10.99.0.9 busybox true
run --rm --network rec-no busybox true
run --rm --network rec-net --network bridge busybox true

# Mounts of a container that runs
+ volume create rec-vol
run --rm --mount type=volume,src=rec-vol,dst=/v busybox sh -c "echo kept >/v/f"
run --rm --mount src=rec-vol,dst=/v,ro busybox sh -c "cat /v/f; echo more >>/v/f"
run --rm --mount type=bind,src=.,dst=/v,readonly busybox ls /v
run --rm --mount type=bind,src=/no/such/rec,dst=/v busybox true
run --rm --mount type=tmpfs,dst=/v,tmpfs-size=64k,tmpfs-mode=700 busybox stat -c "%a %S" /v
run --rm --mount type=foo,dst=/v busybox true

# Limits and devices
run --rm --ulimit nofile=100:200 busybox sh -c "ulimit -n; ulimit -Hn"
run --rm --device /dev/null:/dev/rec-null:r busybox ls /dev/rec-null
run --rm --device /dev/no-such busybox true
run --rm --gpus all busybox true
run --rm --sysctl net.ipv4.ip_forward=0 busybox cat /proc/sys/net/ipv4/ip_forward
run --rm --label-file no-such busybox true
run --rm --env-file no-such busybox true
run --rm --health-cmd true --no-healthcheck busybox true
run --rm --isolation hyperv busybox true
run --rm --cpu-count 1 busybox true
run --rm --annotation a=b busybox true
run --rm --disable-content-trust busybox echo trusted
run --rm --blkio-weight 5 busybox true
run --rm --memory-swappiness 101 busybox true
run --rm --use-api-socket busybox sh -c "test -S /var/run/docker.sock"
"""
