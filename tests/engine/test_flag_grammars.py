"""The grammars of single flag values: what each takes, that nothing but UsageError comes of any text, and
that what is taken can be sent."""
import json

import pytest
from hypothesis import given, strategies as st

from rawdock.engine.devices import (
    parse_device, parse_gpus, parse_operation_rate, parse_rate, parse_ulimit, parse_weight)
from rawdock.engine.mounts import MOUNT_KEYS, check_mount, parse_mount, parse_volume
from rawdock.engine.networks import NETWORK_KEYS, endpoint_settings, is_mac_address, parse_network
from rawdock.engine.options import container_request
from rawdock.engine.ports import exposed_ports, parse_publish, port_range, short_form
from rawdock.engine.values import (
    csv_fields, duration_value, quoted, read_argument, read_duration, read_integer, read_size)
from rawdock.errors import InvalidArgument, UsageError

KEYS = sorted(set(MOUNT_KEYS) | set(NETWORK_KEYS)) + ["name", "driver-opt", "gw-priority", "count", "device",
                                                      "capabilities", "options", "driver"]
VALUES = ["bind", "volume", "tmpfs", "image", "x", "", "true", "0", "-1", "1777", "1m", "all", "a=b", "/a",
          "./a", "rprivate", "readonly", "disabled", "1.2.3.4", "::1", "02:42:ac:11:00:02", "n", "host"]
fields = st.one_of(st.builds("{}={}".format, st.sampled_from(KEYS), st.sampled_from(VALUES)),
                   st.sampled_from(KEYS), st.text(max_size=6), st.text('",=\n a', max_size=6))
records = st.lists(fields, max_size=6).map(",".join)
texts = st.one_of(st.text(max_size=12), st.text("0123456789.:-/=,[]abkmgtprw \0\ud800éx_+", max_size=14),
                  st.builds("{}:{}:{}".format, st.sampled_from(["/dev/a", "/a", "x", ""]),
                            st.sampled_from(["/b", "rw", "1m", "5", ""]), st.sampled_from(["r", "ro", ""])))
@pytest.mark.parametrize("parse", [parse_mount, parse_network, parse_gpus])
@given(st.one_of(records, records, texts))
def test_records_are_taken_or_refused(parse, value):
    try:
        found = parse(value)
    except UsageError as error:
        assert str(error)
        return
    json.dumps(found, allow_nan=False)
    if parse is parse_mount:
        check_mount(found)
        assert found["Target"] and found["Type"]
    if parse is parse_network:
        assert found["name"] or value == ""


@pytest.mark.parametrize("parse", [
    csv_fields, duration_value, parse_device, parse_operation_rate, parse_publish, parse_rate,
    parse_ulimit, parse_volume, parse_weight, port_range, read_integer, read_size, short_form,
    lambda text: exposed_ports(None, [text])])
@given(texts)
def test_values_are_taken_or_refused(parse, text):
    try:
        found = parse(text)
    except UsageError as error:
        assert str(error)
        return
    if not isinstance(found, range):
        json.dumps(found, allow_nan=False)


@given(st.lists(st.text(max_size=8).filter(lambda text: "\n" not in text), min_size=1, max_size=5))
def test_fields_in_quotes_come_back(words):
    text = ",".join('"%s"' % word.replace('"', '""') for word in words)
    assert csv_fields(text) == words


@given(st.integers(-1 << 63, (1 << 63) - 1))
def test_integers_of_each_base(number):
    for form in (hex, oct, bin, str):
        assert read_integer(form(number), base=0) == number
    assert read_integer("%d" % number) == number
    for wrong in ((1 << 63) + abs(number), -(1 << 63) - 1 - abs(number)):
        with pytest.raises(UsageError, match="value out of range"):
            read_integer("%d" % wrong)


@pytest.mark.parametrize("text, value", [
    ("017", 15), ("0_7", 7), ("0x_f", 15), ("1_0", 10), ("+5", 5), ("0", 0)])
def test_integers_as_go_writes_them(text, value):
    assert read_integer(text, base=0) == value


@pytest.mark.parametrize("text", ["", "_1", "1_", "1__0", "08", "0x", "1e3", " 1", "1.0", "\u0661", "--1"])
def test_no_integers(text):
    with pytest.raises(UsageError, match="invalid syntax"):
        read_integer(text, base=0)


@given(st.integers(0, 10 ** 18 - 1))
def test_durations_in_nanoseconds(number):
    assert duration_value("%dns" % number) == number
    assert duration_value("-%dns" % number) == -number and read_duration("%dns" % number) == number


@pytest.mark.parametrize("text, reason", [
    ("5", 'missing unit in duration "5"'), ("1s1", 'missing unit in duration "1s1"'),
    ("5d", 'unknown unit "d" in duration "5d"'), ("x", 'invalid duration "x"'), ("", 'invalid duration ""'),
    ("1h 5m", 'unknown unit "h " in duration "1h 5m"'), (".", 'invalid duration "."'),
    ("99999999h", 'invalid duration "99999999h"')])
def test_no_durations(text, reason):
    with pytest.raises(UsageError) as caught:
        duration_value(text)
    assert str(caught.value) == "time: " + reason


def test_a_record_may_be_a_dict():
    def host(**options):
        return container_request("x", (), options)[1]["HostConfig"]

    record = {"type": "bind", "src": "/a,b", "dst": '/b"c', "readonly": True}
    assert host(mounts=[record, "dst=/x"])["Mounts"] == [
        {"Type": "bind", "Source": "/a,b", "Target": '/b"c', "ReadOnly": True},
        {"Type": "volume", "Target": "/x"}]
    assert host(mount={"dst": "/b", "readonly": False})["Mounts"] == [{"Type": "volume", "Target": "/b"}]
    assert host(network={"name": "net", "ip": "1.2.3.4"})["NetworkMode"] == "net"
    assert host(gpus={"count": 2}) == host(gpus="2") == host(gpus=2)
    for value in ({"dst": "/x", 5: None}, {"src": "/a"}, {}, {b"dst": "/b"}):
        with pytest.raises(UsageError):
            host(mount=value)


def test_the_values_of_a_network_are_in_lower_case_as_in_the_docker_cli():
    assert parse_network("name=MyNet,alias=A") == {"name": "mynet", "alias": ["a"]}
    assert parse_network("MyNet") == {"name": "MyNet"}


@pytest.mark.parametrize("text, found", [
    ("02:42:ac:11:00:02", True), ("02-42-AC-11-00-02", True), ("0242.ac11.0002", True),
    ("02:42:ac:11:00:02:ff:ff", True), (":".join(["02"] * 20), True), ("02:42:ac:11:00", False),
    ("02:42-ac:11:00:02", False), ("0242ac110002", False), ("02:42:ac:11:00:0g", False), ("", False)])
def test_mac_addresses(text, found):
    assert is_mac_address(text) is found


def test_settings_of_a_network():
    assert endpoint_settings(parse_network("name=n")) == {}
    network = parse_network("name=n,ip=1.2.3.4,link-local-ip=x,driver-opt=a=b,gw-priority=2")
    assert endpoint_settings(network) == {
        "IPAMConfig": {"IPv4Address": "1.2.3.4", "LinkLocalIPs": ["x"]}, "DriverOpts": {"a": "b"},
        "GwPriority": 2}


def test_a_wrong_value_names_its_flag():
    with pytest.raises(InvalidArgument) as caught:
        read_argument(read_size, 'a"\n', "-m, --memory")
    assert caught.value.message == (
        'invalid argument "a\\"\\n" for "-m, --memory" flag: invalid size: \'a"\n\'')
    assert quoted("a\\b\u00e9") == '"a\\\\b\u00e9"'
