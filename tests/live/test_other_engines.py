"""The other engines that the live tests have: each is what its fixture says, and has the images."""


def test_the_other_dockerd_refuses_old_clients(engine26):
    version = engine26.json("GET", "/version")
    assert version["Version"].startswith("26.1.")
    if version["MinAPIVersion"] == "1.44":
        status, answer = engine26.request("GET", "/v1.43/info")
        assert status == 400 and b"Minimum supported API version is 1.44" in answer
    engine26.pull("busybox")
    engine26.pull(engine26.registry + "/library/layers")


def test_podman_speaks_dockers_api(podman):
    version = podman.json("GET", "/version")
    assert version["Version"].startswith("4.3.") and version["Components"][0]["Name"] == "Podman Engine"
    podman.pull("busybox")
    podman.pull(podman.registry + "/library/layers")
