"""Parts of exchanges for the tests of annotations and transcripts: heads without their end, and bodies."""
ATTACH = (b"POST /v1.41/containers/x/attach?stream=1 HTTP/1.1\r\nHost: d\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
RAW = (b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
       b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MUX = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"


def chunked(data, size, trailers=b""):
    """The last lines of a head, and `data` (bytes) in chunks of `size`."""
    lines = b"".join(b"%x\r\n%s\r\n" % (len(data[at:at + size]), data[at:at + size])
                     for at in range(0, len(data), size))
    return b"Transfer-Encoding: chunked\r\n\r\n" + lines + b"0\r\n" + trailers + b"\r\n"


def sized(data):
    """The last lines of a head, and `data` (bytes)."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)
