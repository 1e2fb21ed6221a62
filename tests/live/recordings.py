"""Real conversations, recorded by rawdock's own library, for the tests of what is made of records."""
import io

from rawdock.engine.docker import Docker
from rawdock.engine.run import run
from rawdock.teach.record.record import Recording, WireRecorder, recorded_dial


def record_run(engine, then=None):
    """`run --rm busybox echo hi`, and `then(docker)` on its client → Recording."""
    recording = Recording(address=engine.address)
    recorder = WireRecorder([recording])
    out, err = io.BytesIO(), io.BytesIO()
    with Docker(engine.address) as docker:
        docker.open_socket = recorded_dial(recorder)
        assert run(docker, "busybox", ["echo", "hi"], stdout=out, stderr=err, rm=True) == 0
        if then is not None:
            then(docker)
    recorder.finish()
    assert (out.getvalue(), err.getvalue()) == (b"hi\n", b"")
    return recording
