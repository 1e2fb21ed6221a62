"""Wrong calls: `tools/peers types` wants an error in each line that ends in a comment, and in no other."""
import rawdock

docker = rawdock.Docker("unix:///var/run/docker.sock")
docker.container_list(al=True)  # wrong name
docker.container_list(all="yes")  # wrong type
docker.container_logs(stdout=True)  # the container is missing
docker.container_logs("web", "other", stdout=True)  # one value of the path too many
docker.container_lst()  # no such operation
docker.container_start("web", body={})  # it takes no body
docker.container_list(auth={})  # it speaks to no registry
docker.container_stop("web", timeout={"heat": 5})  # no such limit
docker.container_list()[0]["Nmae"]  # no such field
docker.container_wait("web")["StatusCode"].upper()  # a number
for message in docker.container_stats("web", stream=False)["num_procs"]:  # one value
    pass
for stream, data in docker.container_logs("web", stdout=True):
    data.encode()  # bytes
docker.container_attach("web", stream=True).write(b"")  # it has send()
rawdock.Dcoker()  # no such name
rawdock.Docker(timeout="5")  # seconds
docker.image_create(fromImage="busybox").read()  # messages
docker.run("busybox", ["true"], remove=True)  # it is rm
docker.run("busybox", ["true"], rm="yes")  # wrong type
docker.exec("web", ["id"], user="root")  # it is User
docker.logs("web", folow=True)  # wrong name
docker.build(".", cache=False)  # it is nocache
body: "rawdock.ContainerCreateBody" = {"Imag": "busybox"}  # no such field
limits: "rawdock.HostConfigBody" = {"Memory": "1g"}  # bytes
