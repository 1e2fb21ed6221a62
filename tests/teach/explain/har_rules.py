"""A checker of HAR 1.2: every field that the format requires, its type and range; none of rawdock's code."""
import base64
import datetime
import json
import re

STRING, NUMBER, LIST, OBJECT = "string", "number", "list", "object"


def check_fields(value, where, required, optional=None):
    """`value` is an object with these fields of these types, and no other but `comment` and `_…`."""
    assert type(value) is dict, "%s is no object" % where
    known = dict(required, **optional or {})
    known["comment"] = STRING
    for name in required:
        assert name in value, "%s lacks %s" % (where, name)
    for name, field in value.items():
        if not name.startswith("_"):
            assert name in known, "%s has a field %s that HAR does not know" % (where, name)
            kinds = {STRING: (str,), NUMBER: (int, float), LIST: (list,), OBJECT: (dict,)}[known[name]]
            assert type(field) in kinds, "%s.%s is no %s: %r" % (where, name, known[name], field)


def check_time(text, where):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)",
                        text), "%s: %r" % (where, text)
    datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")


def check_pairs(values, where):
    for at, value in enumerate(values):
        check_fields(value, "%s[%d]" % (where, at), {"name": STRING, "value": STRING})


def check_count(value, where):
    assert type(value) is int and value >= -1, "%s is no count and not -1: %r" % (where, value)


def content_bytes(content):
    """The body (bytes) in a content object, or one of its shape; its text must be what its encoding says."""
    if content.get("encoding") == "base64":
        return base64.b64decode(content["text"], validate=True)
    assert "encoding" not in content
    return content.get("text", "").encode("utf-8")


def check_request(request, where):
    check_fields(request, where,
                 {"method": STRING, "url": STRING, "httpVersion": STRING, "cookies": LIST, "headers": LIST,
                                  "queryString": LIST, "headersSize": NUMBER, "bodySize": NUMBER},
                                  {"postData": OBJECT})
    assert re.fullmatch(r"https?://[^/?#\s]+(/[!-~]*)?", request["url"]), request["url"]
    check_pairs(request["headers"], where + ".headers")
    check_pairs(request["cookies"], where + ".cookies")
    check_pairs(request["queryString"], where + ".queryString")
    check_count(request["headersSize"], where + ".headersSize")
    check_count(request["bodySize"], where + ".bodySize")
    if "postData" in request:
        check_fields(request["postData"], where + ".postData",
                     {"mimeType": STRING, "params": LIST, "text": STRING})


def check_response(response, where):
    check_fields(response, where,
                 {"status": NUMBER, "statusText": STRING, "httpVersion": STRING, "cookies": LIST,
                  "headers": LIST,
                                   "content": OBJECT, "redirectURL": STRING, "headersSize": NUMBER,
                                   "bodySize": NUMBER})
    assert type(response["status"]) is int
    check_pairs(response["headers"], where + ".headers")
    check_pairs(response["cookies"], where + ".cookies")
    check_count(response["headersSize"], where + ".headersSize")
    check_count(response["bodySize"], where + ".bodySize")
    content = response["content"]
    check_fields(content, where + ".content", {"size": NUMBER, "mimeType": STRING},
                 {"compression": NUMBER, "text": STRING, "encoding": STRING})
    check_count(content["size"], where + ".content.size")
    assert len(content_bytes(content)) == content["size"] - content.get("_left_out", 0)


def check_entry(entry, where, pages):
    check_fields(entry, where,
                 {"startedDateTime": STRING, "time": NUMBER, "request": OBJECT, "response": OBJECT,
                  "cache": OBJECT,
                                "timings": OBJECT}, {"pageref": STRING, "serverIPAddress": STRING,
                                                     "connection": STRING})
    check_time(entry["startedDateTime"], where)
    assert entry.get("pageref") in pages
    check_request(entry["request"], where + ".request")
    check_response(entry["response"], where + ".response")
    check_fields(entry["cache"], where + ".cache", {}, {"beforeRequest": OBJECT, "afterRequest": OBJECT})
    timings = entry["timings"]
    check_fields(timings, where + ".timings", {"send": NUMBER, "wait": NUMBER, "receive": NUMBER},
                 {"blocked": NUMBER, "dns": NUMBER, "connect": NUMBER, "ssl": NUMBER})
    for name, value in timings.items():
        assert value >= 0 or value == -1 and name in ("blocked", "dns", "connect", "ssl"), (where, name,
                                                                                            value)
    # Of what is known the parts make the whole; ssl is a part of connect.
    assert abs(entry["time"] - sum(value for name, value in timings.items() if value > 0
                                   and name != "ssl")) < 0.01, where


def check_har(data):
    """bytes → the log, which is valid HAR 1.2; AssertionError says where it is not."""
    def refuse(text):
        raise AssertionError("%s is no JSON" % text)
    har = json.loads(data.decode("utf-8"), parse_constant=refuse)
    check_fields(har, "HAR", {"log": OBJECT})
    log = har["log"]
    check_fields(log, "log", {"version": STRING, "creator": OBJECT, "entries": LIST},
                 {"browser": OBJECT, "pages": LIST})
    assert log["version"] == "1.2"
    check_fields(log["creator"], "creator", {"name": STRING, "version": STRING})
    for at, page in enumerate(log.get("pages", ())):
        check_fields(page, "pages[%d]" % at,
                     {"startedDateTime": STRING, "id": STRING, "title": STRING, "pageTimings": OBJECT})
        check_fields(page["pageTimings"], "pageTimings", {}, {"onContentLoad": NUMBER, "onLoad": NUMBER})
        check_time(page["startedDateTime"], "pages[%d]" % at)
    pages = [page["id"] for page in log.get("pages", ())]
    assert len(set(pages)) == len(pages)
    for at, entry in enumerate(log["entries"]):
        check_entry(entry, "entries[%d]" % at, pages)
    started = [entry["startedDateTime"] for entry in log["entries"]]
    assert started == sorted(started)
    return log
