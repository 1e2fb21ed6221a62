"""Targets of the school: what explains bytes must account for each of them, and change none."""
import base64
import io
import json
from random import Random

from fuzz_targets.drawing import attempt, cut, require
from fuzz_targets.models import model_exchange
from fuzz_targets.wire import MODEL_BYTES, ReaderTarget, Requests, Responses, Target
from rawdock.errors import ProtocolError
from rawdock.teach.explain.annotate import annotate
from rawdock.teach.explain.explain import explain_messages, guess_role
from rawdock.teach.explain.explanations import explain_span
from rawdock.teach.record.record import Recording, RecordWriter, WireEvent, read_record, redacted_recording


class Explain(Target):
    """teach/explain: explain_messages, all roles"""

    changed = (2,)

    def generate(self, c):
        if c.below(2):
            method, _, data = Responses().generate(c)
            return c.pick(["response", "auto"]), method, data
        return c.pick(["request", "auto"]), "GET", Requests().generate(c)

    def explained(self, case, pieces):
        found = []
        _, error = attempt(ProtocolError, found.extend, explain_messages(iter(pieces), case[0], case[1]))
        return found, error and (type(error).__name__, error.rule, error.offset)

    def check(self, case, rng, thorough):
        data = case[2]
        size = len(data)
        found, verdict = whole = self.explained(case, [data])
        for places in ([rng.randrange(size + 1) for _ in range(3)], range(1, size) if size < 600 else []):
            seen = self.explained(case, cut(data, places))
            require(seen == whole, "cuts change what is explained", places, whole, seen)
        json.dumps(found)
        ended = found[:-1] if verdict and verdict[0] == "TruncatedError" else found
        require(all(facts["complete"] for facts in ended), "incomplete, and no error", found)
        if size <= MODEL_BYTES:
            role = guess_role(data) if case[0] == "auto" else case[0]
            events, complete = model_exchange(data, case[1], kind=role)
            require(complete == (verdict is None) or not data, "complete for one parser only", verdict,
                    events)
            bodies = b"".join([base64.b64decode(facts["body"]) + base64.b64decode(facts.get("raw_stream", ""))
                               for facts in found])
            sent = b"".join([event[1] for event in events if event[0] in ("data", "switched")])
            require(bodies == sent if verdict is None or verdict[0] == "TruncatedError"
                    else sent.startswith(bodies), "bytes of bodies lost or made up", bodies, sent)
        return (verdict and verdict[:2],
                tuple([(facts["kind"], facts["framing"], facts["complete"]) for facts in found][:4]))


class Annotate(Target):
    """teach/annotate: annotate() of a connection, both directions"""

    changed = (0, 1)

    def generate(self, c):
        return Requests().generate(c), Responses().generate(c)[2], c.below(1 << 16)

    def events(self, case):
        """The events of one connection whose two streams come in pieces, in turns."""
        rng, left = Random(case[2]), {">": case[0], "<": case[1]}
        yield WireEvent(0.0, ">", "open", b"unix:///x")
        while left[">"] or left["<"]:
            direction = rng.choice([one for one in "><" if left[one]])
            size = rng.choice([1, 2, 7, 100, 100000])
            yield WireEvent(0.001, direction, "data", left[direction][:size])
            left[direction] = left[direction][size:]
        yield WireEvent(0.002, "<", "close", b"")

    def check(self, case, rng, thorough):
        recording, written = Recording(), io.BytesIO()
        writer = RecordWriter(written, redact=False, started=recording.started, address=recording.address)
        for event in self.events(case):
            recording.take(1, event)
            writer.take(1, event)
        writer.finish()
        written.seek(0)
        require(read_record(written).connections == recording.connections, "a record read again is another")
        hidden = redacted_recording(recording).connections[0]
        require([len(event.data) for event in hidden.events]
                == [len(event.data) for event in recording.connections[0].events], "masking changed a length")
        annotated = annotate(recording)[0]
        roles = set()
        for stream, data in ((annotated.requests, case[0]), (annotated.responses, case[1])):
            require(stream.data == data, "bytes lost or made up")
            tiles = ReaderTarget.tiled([(span.start, span.end, span.role) for span in stream.spans])
            require((tiles[-1][1] if tiles else 0) == len(data), "bytes without a span", tiles)
            for span in stream.spans:
                sentence, source = explain_span(span, stream)
                require(sentence and source is not None, "a span without words", span)
                roles.add(span.role)
        return frozenset(roles)


SCHOOL_TARGETS = [Explain, Annotate]
