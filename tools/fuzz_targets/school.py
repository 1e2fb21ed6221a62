"""Targets of the school: what explains bytes must account for each of them, and change none."""
import base64
import io
import json
from random import Random

from fuzz_targets.drawing import cut, mutated, require
from fuzz_targets.models import model_exchange
from fuzz_targets.wire import MODEL_BYTES, Requests, Responses, Target
from rawdock.errors import ProtocolError
from rawdock.teach.explain.annotate import annotate
from rawdock.teach.explain.explain import explain_messages, guess_role
from rawdock.teach.explain.explanations import explain_span
from rawdock.teach.record.record import Recording, RecordWriter, WireEvent, read_record, redacted_recording


class Explain(Target):
    """teach/explain: explain_messages, all roles"""

    def generate(self, c):
        if c.below(2):
            method, _, data = Responses().generate(c)
            return c.pick(["response", "auto"]), method, data
        return c.pick(["request", "auto"]), "GET", Requests().generate(c)

    def size(self, case):
        return len(case[2])

    def mutate(self, c, case, other):
        if c.seldom(10):
            case = (c.pick(["response", "request", "auto"]), c.pick(["GET", "HEAD", "CONNECT"]), case[2])
        return case[:2] + (mutated(c, case[2], self.tokens, other[2]),)

    def explained(self, case, pieces):
        found = []
        try:
            for facts in explain_messages(iter(pieces), case[0], case[1]):
                found.append(facts)
        except ProtocolError as error:
            return found, (type(error).__name__, error.rule, error.offset)
        return found, None

    def check(self, case, rng, thorough):
        data = case[2]
        size = len(data)
        found, verdict = whole = self.explained(case, [data])
        for places in ([rng.randrange(size + 1) for _ in range(3)], range(1, size) if size < 600 else []):
            seen = self.explained(case, cut(data, places))
            require(seen == whole, "cuts change what is explained", places, whole, seen)
        json.dumps(found)
        require(verdict is not None and verdict[0] == "TruncatedError"
                or all(facts["complete"] for facts in found), "incomplete, and no error", found)
        require(all(facts["complete"] for facts in found[:-1]), "incomplete in the middle", found)
        if size <= MODEL_BYTES:
            role = guess_role(data) if case[0] == "auto" else case[0]
            events, complete = model_exchange(role, data, case[1])
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

    def generate(self, c):
        return Requests().generate(c), Responses().generate(c)[2], c.below(1 << 16)

    def mutate(self, c, case, other):
        if c.below(2):
            return mutated(c, case[0], self.tokens, other[0]), case[1], case[2]
        return case[0], mutated(c, case[1], self.tokens, other[1]), c.below(1 << 16)

    def size(self, case):
        return len(case[0]) + len(case[1])

    def record(self, case):
        """A Recording of one connection whose two streams come in pieces, in turns."""
        rng, recording, seconds = Random(case[2]), Recording(), 0.0
        recording.take(1, WireEvent(seconds, ">", "open", b"unix:///x"))
        left = {">": case[0], "<": case[1]}
        while left[">"] or left["<"]:
            direction = rng.choice([one for one in "><" if left[one]])
            size = rng.choice([1, 2, 7, 100, 100000])
            seconds += 0.001
            recording.take(1, WireEvent(seconds, direction, "data", left[direction][:size]))
            left[direction] = left[direction][size:]
        recording.take(1, WireEvent(seconds, "<", "close", b""))
        return recording

    def check(self, case, rng, thorough):
        recording = self.record(case)
        written = io.BytesIO()
        writer = RecordWriter(written, redact=False, started=recording.started, address=recording.address)
        for connection in recording.connections:
            for event in connection.events:
                writer.take(connection.number, event)
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
            at = 0
            for span in stream.spans:
                require(span.start == at and span.end > at, "spans that do not tile", at, span)
                at = span.end
                if len(roles) < 400:
                    sentence, source = explain_span(span, stream)
                    require(sentence and source is not None, "a span without words", span)
                roles.add(span.role)
            require(at == len(data), "bytes without a span", at, len(data))
        return frozenset(roles)


SCHOOL_TARGETS = [Explain, Annotate]
