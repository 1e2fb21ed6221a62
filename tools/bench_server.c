/* What tools/bench measures against, and with: an engine's answers from prebuilt bytes, and a small parent.
 *
 *     bench_server serve SOCKET          answers on a unix socket until its stdin ends; prints "ready" first
 *     bench_server run FILE COMMAND…     runs a command with its stdout in FILE and its stderr in FILE.err,
 *                                        then prints seconds, peak KiB, user and system seconds, exit status
 *
 * serve plays just enough of the Engine API for ping, version, ps, inspect, logs, export and events, one
 * thread a connection, and does as little as it can for each answer, so that the client is what is measured.
 * How much it sends is in the name of the container that is requested:
 *
 *     /containers/json                   three containers
 *     /containers/NAME/json              an inspect answer of 1 KiB
 *     /containers/mib-N/export           N MiB in chunks of 32 KiB, as a Go server copies them
 *     /images/get?names=mib-N            the same; also /images/mib-N/get
 *     POST /images/load, POST /build     one message, once the whole body has come; nothing is kept of it
 *     /containers/frames-N/logs          N stdout frames of a 100-byte line, a chunk each
 *     /containers/mixed-N/logs           N such frames, every tenth on stderr
 *     /events?until=N                    N messages, a chunk each
 *
 * run is a program of its own because the peak memory of a child counts that of the process it was forked
 * from: a Python parent would lend its own megabytes to every child.
 *
 * Left out: other request bodies, pipelining, every other path (404).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES 16384
#define CHUNK_BYTES 32768
#define LINE_BYTES 100
#define INSPECT_BYTES 1024
#define BODY_BYTES 262144

#define SERVER_FIELDS \
    "Api-Version: 1.45\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: Docker/26.0.0 (linux)\r\n" \
    "Date: Mon, 02 Jan 2023 15:04:05 GMT\r\n"

#define VERSION_BODY \
    "{\"Version\":\"26.0.0\",\"ApiVersion\":\"1.45\"," \
    "\"MinAPIVersion\":\"1.24\",\"Os\":\"linux\",\"Arch\":\"amd64\"}"

#define LOADED_BODY "{\"stream\":\"Loaded image: bench:latest\\n\"}\r\n"
#define BUILT_BODY "{\"aux\":{\"ID\":\"sha256:1\"}}\r\n{\"stream\":\"Successfully built 1\\n\"}\r\n"

struct block { char *bytes; size_t size; long units; };

static struct block export_block, frames_block, mixed_block, events_block;

static void die(const char *what)
{
    fprintf(stderr, "bench_server: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int send_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        bytes += sent;
        size -= sent;
    }
    return 0;
}

/* -- prebuilt bytes */

static void append(struct block *block, const void *bytes, size_t size)
{
    block->bytes = realloc(block->bytes, block->size + size);
    if (!block->bytes)
        die("memory");
    memcpy(block->bytes + block->size, bytes, size);
    block->size += size;
}

static void append_chunk(struct block *block, const char *bytes, size_t size)
{
    char line[32];
    append(block, line, sprintf(line, "%zx\r\n", size));
    append(block, bytes, size);
    append(block, "\r\n", 2);
}

static void build_frames(struct block *block, int every_nth_on_stderr)
{
    char frame[8 + LINE_BYTES];
    for (int i = 0; i < 1000; i++) {
        memset(frame, 0, 8);
        frame[0] = every_nth_on_stderr && i % every_nth_on_stderr == every_nth_on_stderr - 1 ? 2 : 1;
        frame[7] = LINE_BYTES;
        memset(frame + 8, 'a' + i % 26, LINE_BYTES);
        frame[8 + LINE_BYTES - 1] = '\n';
        append_chunk(block, frame, sizeof frame);
    }
    block->units = 1000;
}

static void build_blocks(void)
{
    char *zeros = calloc(1, CHUNK_BYTES), event[512];
    for (int i = 0; i < 32; i++)
        append_chunk(&export_block, zeros, CHUNK_BYTES);
    export_block.units = 1;   /* MiB */
    free(zeros);
    build_frames(&frames_block, 0);
    build_frames(&mixed_block, 10);
    for (int i = 0; i < 100; i++) {
        int size = sprintf(event, "{\"status\":\"start\",\"id\":\"%064d\",\"from\":\"redis:2.8\","
                           "\"Type\":\"container\",\"Action\":\"start\","
                           "\"Actor\":{\"ID\":\"%064d\",\"Attributes\":{\"image\":\"redis:2.8\","
                           "\"name\":\"redis-%d\"}},"
                           "\"scope\":\"local\",\"time\":1672671845,\"timeNano\":1672671845123456789}\n",
                           i, i, i);
        append_chunk(&events_block, event, size);
    }
    events_block.units = 100;
}

/* -- answers */

static int answer_whole(int fd, const char *status, const char *body, size_t size, int head_only)
{
    char bytes[8192];
    int head = snprintf(bytes, sizeof bytes, "HTTP/1.1 %s\r\n" SERVER_FIELDS
                        "Content-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n", status, size);
    if (!head_only) {
        memcpy(bytes + head, body, size);
        head += size;
    }
    return send_all(fd, bytes, head);
}

static int answer_chunked(int fd, const char *type, const struct block *block, long units, int close_after)
{
    char head[1024];
    int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n" SERVER_FIELDS
                        "Content-Type: %s\r\n%sTransfer-Encoding: chunked\r\n\r\n",
                        type, close_after ? "Connection: close\r\n" : "");
    if (send_all(fd, head, size))
        return -1;
    for (; units > 0; units -= block->units)
        if (send_all(fd, block->bytes, block->size))
            return -1;
    return send_all(fd, "0\r\n\r\n", 5) || close_after ? -1 : 0;
}

static int answer_inspect(int fd, const char *name, int head_only)
{
    char body[INSPECT_BYTES + 1];
    int size = snprintf(body, sizeof body, "{\"Id\":\"%.64s\","
                        "\"Created\":\"2023-01-02T15:04:05.123456789Z\","
                        "\"Path\":\"redis-server\",\"Args\":[],"
                        "\"State\":{\"Status\":\"running\",\"Running\":true,\"Paused\":false,"
                        "\"Restarting\":false,\"OOMKilled\":false,"
                        "\"Dead\":false,\"Pid\":4242,\"ExitCode\":0,\"Error\":\"\"},\"Name\":\"/%.64s\","
                        "\"RestartCount\":0,"
                        "\"Driver\":\"overlay2\",\"Platform\":\"linux\",\"Config\":{\"Hostname\":\"redis\","
                        "\"Tty\":false,"
                        "\"AttachStdout\":true,\"OpenStdin\":false,\"Env\":[\"PATH=/usr/bin:/bin\"],"
                        "\"Cmd\":[\"redis-server\"],"
                        "\"Image\":\"redis:2.8\",\"Labels\":{}},"
                        "\"HostConfig\":{\"NetworkMode\":\"default\",\"AutoRemove\":false,"
                        "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{}}},\"Mounts\":[],"
                        "\"NetworkSettings\":{\"Ports\":{}},\"Padding\":\"",
                        name, name);
    while (size < INSPECT_BYTES - 2)
        body[size++] = 'x';
    body[size++] = '"';
    body[size++] = '}';
    return answer_whole(fd, "200 OK", body, size, head_only);
}

static int answer_list(int fd, int head_only)
{
    char body[4096];
    int size = sprintf(body, "[");
    for (int i = 0; i < 3; i++)
        size += sprintf(body + size, "%s{\"Id\":\"%063d%d\",\"Names\":[\"/redis-%d\"],"
                        "\"Image\":\"redis:2.8\",\"ImageID\":\"sha256:%064d\","
                        "\"Command\":\"redis-server\",\"Created\":1672671845,"
                        "\"Ports\":[{\"IP\":\"0.0.0.0\",\"PrivatePort\":6379,"
                        "\"PublicPort\":%d,\"Type\":\"tcp\"}],\"Labels\":{},\"State\":\"running\","
                        "\"Status\":\"Up 2 hours\","
                        "\"HostConfig\":{\"NetworkMode\":\"default\"},"
                        "\"NetworkSettings\":{\"Networks\":{}},\"Mounts\":[]}",
                        i ? "," : "", 0, i, i, i, 6379 + i);
    size += sprintf(body + size, "]");
    return answer_whole(fd, "200 OK", body, size, head_only);
}

/* -- request bodies */

struct body { int fd; char bytes[BODY_BYTES]; size_t at, held; };

/* Have at least one byte in `body`. -1: no more come. */
static int fill(struct body *body)
{
    if (body->at < body->held)
        return 0;
    ssize_t got = recv(body->fd, body->bytes, BODY_BYTES, 0);
    body->at = 0;
    body->held = got > 0 ? got : 0;
    return got > 0 ? 0 : -1;
}

static int skip(struct body *body, size_t size)
{
    while (size) {
        if (fill(body))
            return -1;
        size_t step = body->held - body->at < size ? body->held - body->at : size;
        body->at += step;
        size -= step;
    }
    return 0;
}

/* The size in the line that begins here. -1: no more bytes come. */
static long take_chunk_size(struct body *body)
{
    char line[64];
    for (size_t length = 0; length < sizeof line; length++) {
        if (fill(body))
            return -1;
        line[length] = body->bytes[body->at++];
        if (line[length] == '\n') {
            line[length] = 0;
            return strtol(line, NULL, 16);
        }
    }
    return -1;
}

/* Read the body of a request to its end. `head` is its head, `more` what came with it. */
static int read_body(int fd, const char *head, const char *more, size_t size)
{
    const char *length = strcasestr(head, "\r\ncontent-length: ");
    long chunk = length ? atol(length + 18) : 1;
    if (!chunk || (!length && !strcasestr(head, "\r\ntransfer-encoding: chunked")))
        return 0;
    struct body *body = malloc(sizeof *body);
    if (!body || size > BODY_BYTES)
        die("memory");
    body->fd = fd;
    body->at = 0;
    body->held = size;
    memcpy(body->bytes, more, size);
    int failed = 0;
    if (length)
        failed = skip(body, chunk);
    while (!length && !failed && chunk) {
        chunk = take_chunk_size(body);
        failed = chunk < 0 || skip(body, chunk + 2);
    }
    free(body);
    return failed;
}

/* The number that follows `prefix` in `text`, or 0. */
static long count_after(const char *text, const char *prefix)
{
    const char *found = strstr(text, prefix);
    return found ? atol(found + strlen(prefix)) : 0;
}

static int answer(int fd, char *request)
{
    char *target = strchr(request, ' '), *end = target ? strchr(target + 1, ' ') : NULL;
    if (!end)
        return -1;
    int head_only = !strncmp(request, "HEAD ", 5);
    int close_after = strcasestr(end, "\r\nconnection: close\r\n") != NULL;
    *end = 0;
    target++;
    if (target[0] == '/' && target[1] == 'v' && target[2] >= '0' && target[2] <= '9')   /* /v1.45 */
        target = strchr(target + 1, '/') ? strchr(target + 1, '/') : target;
    char *query = strchr(target, '?');
    if (query)
        *query++ = 0;
    else
        query = "";
    if (!strcmp(target, "/_ping"))
        return answer_whole(fd, "200 OK", "OK", 2, head_only);
    if (!strcmp(target, "/version"))
        return answer_whole(fd, "200 OK", VERSION_BODY, sizeof VERSION_BODY - 1, head_only);
    if (!strcmp(target, "/containers/json"))
        return answer_list(fd, head_only);
    if (!strcmp(target, "/images/get") || !strncmp(target, "/images/mib-", 12))
        return answer_chunked(fd, "application/x-tar", &export_block,
                              count_after(query, "names=mib-") + count_after(target, "/images/mib-"),
                              close_after);
    if (!strcmp(target, "/images/load"))
        return answer_whole(fd, "200 OK", LOADED_BODY, sizeof LOADED_BODY - 1, 0);
    if (!strcmp(target, "/build"))
        return answer_whole(fd, "200 OK", BUILT_BODY, sizeof BUILT_BODY - 1, 0);
    if (!strcmp(target, "/events"))
        return answer_chunked(fd, "application/json", &events_block, count_after(query, "until="),
                              close_after);
    if (!strncmp(target, "/containers/", 12)) {
        char *name = target + 12, *what = strchr(name, '/');
        if (what) {
            *what++ = 0;
            if (!strcmp(what, "json"))
                return answer_inspect(fd, name, head_only);
            if (!strcmp(what, "export"))
                return answer_chunked(fd, "application/x-tar", &export_block, count_after(name, "mib-"),
                                      close_after);
            if (!strcmp(what, "logs")) {
                struct block *block = strncmp(name, "mixed-", 6) ? &frames_block : &mixed_block;
                return answer_chunked(fd, "application/vnd.docker.multiplexed-stream", block,
                                      count_after(name, "-"), close_after);
            }
        }
    }
    return answer_whole(fd, "404 Not Found", "{\"message\":\"page not found\"}", 28, head_only);
}

static void *serve_connection(void *argument)
{
    int fd = (int)(long)argument;
    char request[REQUEST_BYTES + 1];
    size_t held = 0;
    for (;;) {
        ssize_t got = recv(fd, request + held, REQUEST_BYTES - held, 0);
        if (got <= 0)
            break;
        held += got;
        request[held] = 0;
        char *end = strstr(request, "\r\n\r\n");
        if (end) {
            char *more = end + 4;
            size_t size = request + held - more;
            end[2] = 0;
            if (read_body(fd, request, more, size) || answer(fd, request))
                break;
            held = 0;
        } else if (held == REQUEST_BYTES)
            break;
    }
    close(fd);
    return NULL;
}

static void *end_with_stdin(void *nothing)
{
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
    _exit(0);
    return nothing;
}

static int serve(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "bench_server: the socket path %s is too long\n", path);
        return 2;
    }
    strcpy(address.sun_path, path);
    build_blocks();
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64))
        die(path);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    pthread_create(&thread, &detached, end_with_stdin, NULL);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (pthread_create(&thread, &detached, serve_connection, (void *)(long)fd))
            close(fd);
    }
}

/* -- run */

static void to_file(const char *path, int descriptor)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || dup2(fd, descriptor) < 0)
        die(path);
    if (fd != descriptor)
        close(fd);
}

static int run(const char *path, char **command)
{
    struct timespec began, ended;
    struct rusage used;
    int status;
    char errors[4096];
    snprintf(errors, sizeof errors, "%s.err", path);
    clock_gettime(CLOCK_MONOTONIC, &began);
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (!child) {
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, 0);
        to_file(path, 1);
        to_file(errors, 2);
        execvp(command[0], command);
        die(command[0]);
    }
    while (wait4(child, &status, 0, &used) < 0)
        if (errno != EINTR)
            die("wait4");
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f %ld %ld.%06ld %ld.%06ld %d\n",
           ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9, used.ru_maxrss,
           (long)used.ru_utime.tv_sec, (long)used.ru_utime.tv_usec, (long)used.ru_stime.tv_sec,
           (long)used.ru_stime.tv_usec,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_DFL);
    if (count == 3 && !strcmp(words[1], "serve"))
        return serve(words[2]);
    if (count >= 4 && !strcmp(words[1], "run"))
        return run(words[2], words + 3);
    fputs("usage: bench_server serve SOCKET | run FILE COMMAND...\n", stderr);
    return 2;
}
