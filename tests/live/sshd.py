"""A real ssh server on loopback, with keys and a configuration of its own, and an `ssh` that knows it.

    sshd = Sshd(directory)              started; stop() ends it
    sshd.address(path, user=None)       ssh://USER@127.0.0.1:PORT/path
    sshd.far("docker", program, …)      the words that are the far end's docker; far("docker") takes it away
    sshd.near(monkeypatch)              puts a program `ssh` first in PATH, which reads no file of this user's
    sshd.clients()                      the pids of that program that are running

PATH of what runs at the far end is one directory, in which there is only the docker that was put there.
"""
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess

from tests.live.client import need_program, wait_until

SERVER = """
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
SetEnv PATH={directory}/far
"""
CLIENT = """
Host *
IdentityFile {directory}/{identity}
IdentitiesOnly yes
BatchMode {batch}
ControlMaster {master}
ControlPath {directory}/master
UserKnownHostsFile {directory}/{known}
GlobalKnownHostsFile /dev/null
"""
PASSPHRASE = "let me in"


class Sshd:
    def __init__(self, directory):
        program = need_program("sshd")   # which sshd wants by its whole path
        self.directory = directory
        self.user = pwd.getpwuid(os.getuid()).pw_name
        for name in ("far", "near"):
            os.mkdir(self._at(name))
        for name, passphrase in (("host_key", ""), ("identity", ""), ("locked", PASSPHRASE)):
            subprocess.check_call(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase,
                                   "-f", self._at(name)])
        self._write("authorized_keys", self._read("identity.pub") + self._read("locked.pub"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._write("known_hosts", "[127.0.0.1]:%d %s" % (self.port, self._read("host_key.pub")))
        self._write("sshd_config", SERVER.format(directory=directory, port=self.port))
        for name, values in (("known", {}), ("unknown", {"known": "nothing"}),
                             ("shared", {"master": "auto"}),
                             ("locked", {"identity": "locked", "batch": "no"})):
            values = dict({"identity": "identity", "known": "known_hosts", "batch": "yes", "master": "no"},
                          **values)
            self._write("config-" + name, CLIENT.format(directory=directory, **values))
        self._program("near/ssh", 'exec %s -F "$SSH_LIVE_CONFIG" "$@"' % shutil.which("ssh"))
        os.makedirs("/run/sshd", exist_ok=True)   # where sshd's unprivileged part is confined
        self._log = open(self._at("sshd.log"), "wb")
        self._process = subprocess.Popen([program, "-D", "-e", "-f", self._at("sshd_config")],
                                         stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        wait_until(lambda: "Server listening" in self._read("sshd.log"))

    def _at(self, name):
        return os.path.join(self.directory, name)

    def _read(self, name):
        with open(self._at(name)) as file:
            return file.read()

    def _write(self, name, text):
        with open(self._at(name), "w") as file:
            file.write(text)

    def _program(self, name, line):
        self._write(name + ".new", "#!/bin/sh\n%s\n" % line)
        os.chmod(self._at(name + ".new"), 0o755)
        os.rename(self._at(name + ".new"), self._at(name))

    def address(self, path, user=None):
        return "ssh://%s@127.0.0.1:%d%s" % (user or self.user, self.port, path)

    def far(self, name, *words):
        if words:
            self._program("far/" + name, 'exec %s "$@"' % " ".join(map(shlex.quote, words)))
        elif os.path.exists(self._at("far/" + name)):
            os.unlink(self._at("far/" + name))

    def near(self, monkeypatch, config="known"):
        monkeypatch.setenv("PATH", self._at("near") + os.pathsep + os.environ["PATH"])
        monkeypatch.setenv("SSH_LIVE_CONFIG", self._at("config-" + config))

    def clients(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if words[1:2] == [b"-F"] and words[2].startswith(self._at("config-").encode()):
                found.append(int(pid))
        return found

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        self._log.close()
