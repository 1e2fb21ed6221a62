"""POST /build: the classic builder of an engine, for Dockerfiles whose programs are those of practice images.

Each step makes an image of the one before: RUN runs a container and keeps what it changed, COPY and ADD put
in files of the context, the others change the configuration. An image that an equal step has made before is
used again, which is the cache. What is said of it comes as JSON messages, the last of which may be an error.

Messages are those of dockerd 20.10. Refuses: version=2, as an engine without BuildKit, whose /_ping says
Builder-Version 1; and whatever has to be downloaded. Leaves out: --chown (files have no owners), limits of
memory and processors, squash, and containers of steps other than RUN, which are named and never made.
"""
import json
import os
import re

from .commits import apply_change, json_words
from .dockerfiles import (BUILDKIT_MESSAGE, NEEDS_BUILDKIT, DockerfileStep, dockerfile_step, dockerfile_steps,
                          dockerfile_words, expanded_word, named_values, steps_for_target)
from .events import nanoseconds_now, random_hex
from .files import FileProblem, PracticeFiles, base_name, parent_path, put_entry, unpack_tar
from .image import PRACTICE_PATH, blank_config, derived_image, sha256_digest
from .images import (full_name, image_reference, practice_pull, reference_problem, send_messages, wanted_tags)
from .request import PracticeRefusal, join_path, practice_filters, unlocked
from .streams import PracticeAttacher

PREDEFINED_ARGS = ("HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy ftp_proxy"
                   " no_proxy all_proxy").split()
PRUNE_FILTERS = "until id parent type description inuse shared private unused-for".split()
RED, NOT_RED = "\x1b[91m", "\x1b[0m"   # an engine colours what a step writes to standard error


class PracticeBuild:
    """One build. `steps` are DockerfileSteps, `context` the PracticeFiles sent, `args` (dict) its arguments.

    `image` is what the steps of this stage have made so far, None for FROM scratch and before the first FROM;
    `config` its Config, `values` the build arguments that the stage has declared.
    """

    def __init__(self, engine, connection, request, context, steps, args):
        self.engine = engine
        self.connection = connection
        self.request = request
        self.context = context
        self.steps = steps
        self.args = args
        self.stages = {}          # number and name (str) → PracticeImage
        self.stage_names = []
        self.image = None
        self.in_stage = False
        self.config = {}
        self.values = {}
        self.global_values = {}   # of the ARGs before the first FROM
        self.declared = set()
        self.has_cmd = False      # the stage has a CMD of its own
        self.author = ""
        self.held = [] if request.flag("q") else None   # the messages, of a build with q=1

    # -- messages

    def send(self, message):
        if self.held is None:
            self.connection.send_message(message)
        else:
            self.held.append(message)

    def say(self, text):
        self.send({"stream": text})

    # -- the whole

    def run(self, tags):
        """Build, and give the image its `tags` (list of str). Raises PracticeRefusal."""
        try:
            for number, step in enumerate(self.steps, 1):
                self.connection.check_client()
                if step.keyword == "FROM":
                    self.end_stage()
                self.say("Step %d/%d : %s" % (number, len(self.steps), step_text(step)))
                self.say("\n")
                self.take_step(step)
            self.end_stage()
            if self.image is None and self.in_stage:
                raise PracticeRefusal(500, "No image was generated. Is your Dockerfile empty?")
        except PracticeRefusal:
            for message in self.held or ():
                self.connection.send_message(message)
            raise
        if self.image is not None:
            self.finish(tags)

    def finish(self, tags):
        unused = sorted(set(self.args) - self.declared - set(PREDEFINED_ARGS))
        if unused:
            self.say("[Warning] One or more build-args [%s] were not consumed\n" % " ".join(unused))
        self.say("Successfully built %s\n" % self.image.id[7:19])
        for tag in tags:
            with self.engine.changed:
                self.engine.images.give_name(self.image, tag)
                self.engine.images.emit(self.image, "tag", tag)
            self.say("Successfully tagged %s\n" % tag)
        if self.held is not None:
            self.connection.send_message({"stream": self.image.id + "\n"})

    def end_stage(self):
        if self.image is not None:
            self.send({"aux": {"ID": self.image.id}})

    # -- one step

    def variables(self):
        """Return the variables of this stage and their values (dict)."""
        env = dict(one.partition("=")[::2] for one in self.config.get("Env") or ())
        return dict(self.values if self.in_stage else self.global_values, **env)

    def expanded(self, text):
        """Return the words of an instruction (list of str) without quotes, with their variables replaced."""
        variables = self.variables()
        return [expanded_word(word, variables) for word in json_words(text) or dockerfile_words(text)]

    def take_step(self, step):
        for name in NEEDS_BUILDKIT:
            if name in step.flags:
                raise PracticeRefusal(400, BUILDKIT_MESSAGE % name)
        if step.keyword in ("ENV", "LABEL"):
            from shlex import quote
            variables = self.variables()
            pairs = [(expanded_word(name, variables), expanded_word(value, variables))
                     for name, value in named_values(step.keyword, step.text)]
            self.change(step.keyword, " ".join("%s=%s" % pair for pair in pairs),
                        " ".join(quote("%s=%s" % pair) for pair in pairs))
            return
        STEP_TAKERS.get(step.keyword, PracticeBuild.take_change)(self, step)

    def take_change(self, step):
        """CMD, ENTRYPOINT, EXPOSE, HEALTHCHECK, ONBUILD, STOPSIGNAL, USER and VOLUME."""
        if step.keyword in ("STOPSIGNAL", "USER"):
            self.change(step.keyword, expanded_word(step.text, self.variables()))
        elif step.keyword == "EXPOSE":
            words = self.expanded(step.text)
            for word in words:
                if not re.fullmatch("[0-9]+(-[0-9]+)?(/[a-z]+)?", word):
                    raise PracticeRefusal(400, "Invalid containerPort: " + word)
            self.change(step.keyword, " ".join(words))
        elif step.keyword == "VOLUME":
            words = self.expanded(step.text)
            self.change(step.keyword, "[%s]" % " ".join(words), json.dumps(words))
        elif step.keyword in ("CMD", "ENTRYPOINT"):
            words = json_words(step.text) or self.shell_words(step.text)
            self.has_cmd = self.has_cmd or step.keyword == "CMD"
            if step.keyword == "ENTRYPOINT" and not self.has_cmd:
                self.config["Cmd"] = None   # that of the image below was for its own entry point
            self.change(step.keyword, "[%s]" % " ".join(map(json.dumps, words)), json.dumps(words))
        else:
            self.change(step.keyword, step.text)

    def change(self, keyword, shown, text=None):
        """Change the configuration by an instruction; `shown` (str) is what the history has of its text."""
        apply_change(self.config, "%s %s" % (keyword, shown if text is None else text))
        self.commit("#(nop)  %s %s" % (keyword, shown))

    def take_from(self, step):
        words = dockerfile_words(step.text)
        name = expanded_word(words[0], self.global_values)
        self.in_stage, self.values, self.has_cmd, self.author = True, {}, False, ""
        self.image = None if name == "scratch" else self.find_image(name)
        self.config = self.image.config() if self.image else blank_config()
        env = self.config["Env"] or []
        self.config["Env"] = env if any(one.startswith("PATH=") for one in env) else [PRACTICE_PATH] + env
        number = sum(one.isdigit() for one in self.stages)
        self.stage_names = [str(number)] + [one.lower() for one in words[2:]]
        self.remember_stage()
        triggers = self.config.get("OnBuild") or []
        self.config["OnBuild"] = None
        if triggers:
            self.say("# Executing %d build trigger%s" % (len(triggers), "s" * (len(triggers) > 1)))
            self.say("\n")
        else:
            self.say(" ---> %s\n" % (self.image.id[7:19] if self.image else ""))
        for text in triggers:
            keyword, _, rest = text.partition(" ")
            self.take_step(dockerfile_step(keyword.upper(), rest.strip(), step.line))

    def remember_stage(self):
        self.stages.update(dict.fromkeys(self.stage_names, self.image))

    def find_image(self, name):
        """Return the PracticeImage of a name: of a stage, of the store, or pulled. Raises PracticeRefusal."""
        if name.lower() in self.stages:
            return self.stages[name.lower()]
        if image_reference(name) is None:
            raise PracticeRefusal(400, reference_problem(name))
        images = self.engine.images
        if not self.request.flag("pull"):
            try:
                return images.find(name)
            except PracticeRefusal as refusal:
                if refusal.status != 404:
                    raise
        repository, tags = wanted_tags(name, "" if image_reference(name).suffix() else "latest")
        messages = practice_pull(images, repository, tags[0])
        if self.held is None:
            send_messages(self.connection, messages)
        else:
            self.held += messages
        return images.find(repository + ":" + tags[0])

    def take_arg(self, step):
        name, is_given, default = step.text.partition("=")
        self.declared.add(name)
        value = self.args.get(name)
        if value is None and is_given:
            value = expanded_word(default, self.variables())
        if not self.in_stage:
            self.global_values.update({} if value is None else {name: value})
            return
        value = self.global_values.get(name) if value is None else value
        self.values.update({} if value is None else {name: value})
        self.commit("#(nop)  ARG " + step.text)

    def take_maintainer(self, step):
        self.author = step.text
        self.commit("#(nop)  MAINTAINER " + step.text)

    def take_shell(self, step):
        self.config["Shell"] = json_words(step.text)
        if not self.config["Shell"]:
            raise PracticeRefusal(400, "SHELL requires the arguments to be in JSON form")
        self.commit("#(nop)  SHELL [%s]" % " ".join(self.config["Shell"]))

    def take_workdir(self, step):
        path = join_path(self.config["WorkingDir"] or "/", expanded_word(step.text, self.variables()))
        files = self.files()
        try:
            files.make_folder(path)
        except FileProblem as problem:
            raise PracticeRefusal(400, "mkdir %s: %s" % (path, str(problem).lower()))
        self.config["WorkingDir"] = path
        self.commit("#(nop) WORKDIR " + path, files.changed_nodes())

    # -- images

    def files(self):
        """Return PracticeFiles that begin as the image's."""
        return PracticeFiles(self.engine.changed, self.image.files if self.image else {}, {})

    def cached(self, created_by):
        """Return the image that a step equal to this one has made of this image, or None."""
        if self.request.flag("nocache"):
            return None
        made_as = created_by, json.dumps(self.config, sort_keys=True)
        with self.engine.changed:
            return next((one for one in self.engine.images.by_id.values()
                         if one.parent is self.image and one.made_as == made_as), None)

    def commit(self, text, changes=None):
        """Make the image of a step that runs nothing. `changes`: its files, path → TreeNode or None."""
        created_by = " ".join(self.shell_words(text))
        image = self.cached(created_by)
        if image is None and not re.match(r"#\(nop\) (?:COPY|ADD) ", text):
            identity = random_hex()[:12]
            self.say(" ---> Running in %s\n" % identity)
            self.say_removed(identity)
        self.use(image, created_by, changes)

    def use(self, image, created_by, changes):
        """Go on with `image`, which the cache had, or with a new one."""
        if image is not None:
            self.say(" ---> Using cache\n")
        else:
            image = derived_image(self.image, dict(self.config), changes, nanoseconds_now(), created_by,
                                  author=self.author)
            image.made_as = created_by, json.dumps(self.config, sort_keys=True)
            with self.engine.changed:
                self.engine.images.by_id[image.id] = image
        self.image, self.config = image, image.config()
        self.remember_stage()
        self.say(" ---> %s\n" % image.id[7:19])

    def say_removed(self, identity):
        if self.request.flag("rm", True):
            self.say("Removing intermediate container %s\n" % identity)

    # -- RUN

    def shell_words(self, text):
        return (self.config.get("Shell") or ["/bin/sh", "-c"]) + [text]

    def take_run(self, step):
        argv = json_words(step.text) or self.shell_words(step.text)
        env = {one.partition("=")[0] for one in self.config["Env"] or ()}
        given = ["%s=%s" % pair for pair in sorted(self.values.items()) if pair[0] not in env]
        created_by = " ".join((["|%d" % len(given)] + given if given else []) + argv)
        image = self.cached(created_by)
        self.use(image, created_by, self.run_program(argv, given) if image is None else None)

    def run_program(self, argv, env):
        """Run a program in a container of the image → the files that it changed. Raises PracticeRefusal."""
        if self.image is None:
            raise PracticeRefusal(400, "practice runtime: exec: \"%s\": stat %s: no such file or directory"
                                  % (argv[0], argv[0]))
        engine, containers = self.engine, self.engine.containers
        attacher = PracticeAttacher(engine.changed, (1, 2), self.connection.hang_up)
        with engine.changed:
            container, _ = containers.create(None, "", {
                "Image": self.image.id, "Entrypoint": argv[:1], "Cmd": argv[1:], "Env": env,
                "Healthcheck": {"Test": ["NONE"]}})
            container.attachers.append(attacher)
        self.say(" ---> Running in %s\n" % container.id[:12])
        keep = True
        try:
            with engine.changed:
                containers.start_program(container)
            self.send_output(attacher)
            with engine.changed:
                status, keep = container.exit_code, False
                changes = container.files.changed_nodes()
            if status:
                keep = True
                raise PracticeRefusal(500, "The command '%s' returned a non-zero code: %d"
                                      % (" ".join(argv), status), status)
            return changes
        finally:
            self.end_container(container, keep)

    def send_output(self, attacher):
        """Send what a step writes, until it ends."""
        while True:
            with self.engine.changed:
                batch = attacher.take()
                if batch == []:
                    self.engine.changed.wait(0.2)
                    batch = attacher.take()
            if batch is None:
                return
            for stream, data in batch:
                text = data.decode("utf-8", "replace")
                self.say(text if stream == 1 else RED + text + NOT_RED)
            if not batch:
                self.connection.check_client()

    def end_container(self, container, has_failed):
        """Remove the container of a step, as the parameters rm and forcerm have it."""
        wanted = self.request.flag("forcerm") or self.request.flag("rm", True) and not has_failed
        with self.engine.changed:
            if container.is_up:
                self.engine.containers.end(container)
            if wanted:
                self.engine.containers.forget(container, True)
        if wanted:
            self.say("Removing intermediate container %s\n" % container.id[:12])

    # -- COPY and ADD

    def take_copy(self, step):
        *sources, given = self.expanded(step.text)
        origin = self.context
        if "from" in step.flags:
            try:
                image = self.find_image(step.flags["from"])
            except PracticeRefusal as refusal:
                raise PracticeRefusal(400, "invalid from flag value %s: %s"
                                      % (step.flags["from"], refusal.message))
            origin = PracticeFiles(self.engine.changed, image.files if image else {}, {})
        target = self.files()
        try:
            found = copy_sources(origin, sources, "from" in step.flags)
            if len(found) > 1 and not given.endswith("/"):
                raise PracticeRefusal(400, "When using %s with more than one source file, the destination"
                                           " must be a directory and end with a /" % step.keyword)
            wanted = join_path(self.config["WorkingDir"] or "/", given)
            is_folder = given.endswith(("/", "/.")) or given == "."
            parts = [copy_one(origin, source, target, wanted, is_folder, step.keyword == "ADD")
                     for source in found]
        except FileProblem as problem:
            raise PracticeRefusal(400, "%s failed: %s" % (step.keyword, problem))
        kind = "multi" if len(parts) > 1 else parts[0][0]
        digest = sha256_digest(repr([part for _, part in parts]).encode("utf-8", "replace"))[7:]
        self.commit("#(nop) %s %s:%s in %s " % (step.keyword, kind, digest, given), target.changed_nodes())


STEP_TAKERS = {
    "FROM": PracticeBuild.take_from, "ARG": PracticeBuild.take_arg, "RUN": PracticeBuild.take_run,
    "MAINTAINER": PracticeBuild.take_maintainer, "SHELL": PracticeBuild.take_shell,
    "WORKDIR": PracticeBuild.take_workdir, "COPY": PracticeBuild.take_copy, "ADD": PracticeBuild.take_copy,
}


def step_text(step):
    """Return an instruction as an engine shows it."""
    flags = ["--%s=%s" % pair if pair[1] else "--" + pair[0] for pair in step.flags.items()]
    return " ".join([step.keyword] + flags + ([step.text] if step.text else []))


def copy_sources(origin, sources, is_image):
    """Return [(name, path in `origin`)] of the sources of a COPY, links followed. Raises FileProblem."""
    from fnmatch import fnmatchcase
    found = []
    for source in sources:
        if re.match("https?://", source):
            raise FileProblem("the practice engine downloads nothing: " + source)
        inner = os.path.normpath(source.lstrip("/") or ".")
        if inner.startswith(".."):
            raise FileProblem("forbidden path outside the build context: %s ()" % source)
        path = join_path("/", inner)
        if re.search(r"[*?\[]", inner):
            found += [(base_name(one), origin.find(one)[0]) for one in origin.below("/")
                      if one.count("/") == path.count("/")
                      and all(map(fnmatchcase, one.split("/"), path.split("/")))]
            continue
        try:
            found.append((base_name(path), origin.find(path)[0]))
        except FileProblem:
            where = "" if is_image else "file not found in build context or excluded by .dockerignore: "
            raise FileProblem("%sstat %s: file does not exist" % (where, inner))
    if not found:
        raise FileProblem("no source files were specified")
    return found


def copy_one(origin, source, target, wanted, is_folder, unpacks):
    """Copy a file, or what is in a folder, to the path `wanted` of `target` → (kind, what was copied).

    `source` is a name and a path in `origin`. `is_folder`: whether `wanted` is a folder even if it is not
    there yet. `unpacks`: an archive is unpacked. Raises FileProblem.
    """
    name, path = source
    node = origin.get(path)
    if node.kind == "folder":
        target.make_folder(wanted)
        copied = []
        for one in origin.below(path)[1:]:
            child, rest = origin.get(one), one[len(path.rstrip("/")):]
            put_entry(target, join_path("/", wanted + rest), child)
            copied.append((rest, child[:3]))
        return "dir", copied
    if unpacks and holds_archive(node.content):
        target.make_folder(wanted)
        unpack_tar(target, target.resolve(wanted), node.content)
        return "file", node[:3]
    there = target.get(wanted)
    if is_folder or there is not None and there.kind == "folder":
        wanted = join_path(wanted, name)
    target.make_folder(parent_path(wanted))
    put_entry(target, wanted, node)
    return "file", (base_name(wanted), node[:3])


def holds_archive(content):
    """Return whether a file (bytes) is a tar, or one that is compressed: ADD unpacks it."""
    return content[257:262] == b"ustar" or content.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))


# -- the requests

def json_parameter(request, name):
    """Return a parameter that is a JSON object with str or null for values, {} for none."""
    try:
        found = json.loads(request.text(name) or "{}")
    except ValueError as error:
        raise PracticeRefusal(400, "error reading %s: %s" % (name, error))
    found = {} if found is None else found
    if not isinstance(found, dict) or not all(isinstance(one, (str, type(None))) for one in found.values()):
        raise PracticeRefusal(400, "error reading %s: an object of strings is wanted" % name)
    return found


def check_build(request):
    """Raise the PracticeRefusal for what this builder does not do; return the tags (list of str)."""
    version = request.text("version") or "1"
    if version == "2":
        raise PracticeRefusal(400, "BuildKit is not supported by this engine: the practice engine has the"
                                   " classic builder (version=1)")
    if version != "1":
        raise PracticeRefusal(500, "invalid version \"%s\"" % version)
    if request.text("remote") == "client-session":
        raise PracticeRefusal(400, "experimental session with v1 builder is no longer supported, use builder"
                                   " version v2 (BuildKit) instead")
    if request.text("remote"):
        raise PracticeRefusal(501, "the practice engine downloads nothing: send the context as a tar")
    tags = []
    for text in filter(None, request.query.get("t", ())):
        reference = image_reference(text)
        if reference is None:
            raise PracticeRefusal(500, reference_problem(text))
        tags.append(full_name(reference))
    return tags


def answer_build(engine, connection, request):
    tags, args, labels = check_build(request), json_parameter(request, "buildargs"), json_parameter(
        request, "labels")
    context, name = PracticeFiles(engine.changed, {}, {}), request.text("dockerfile") or "Dockerfile"
    try:
        unpack_tar(context, "/", request.body)
    except FileProblem as problem:
        raise PracticeRefusal(500, str(problem))
    try:
        text = context.read(join_path("/", name)).decode("utf-8-sig", "replace")
    except FileProblem:
        raise PracticeRefusal(500, "Cannot locate specified Dockerfile: " + name)
    steps = steps_for_target(dockerfile_steps(text), request.text("target"))
    if labels:
        from shlex import quote
        words = " ".join("%s=%s" % (quote(key), quote(value or "")) for key, value in sorted(labels.items()))
        steps = steps + [DockerfileStep("LABEL", {}, words, 0)]
    build = PracticeBuild(engine, connection, request, context, steps, args)
    connection.send_stream(lambda: build.run(tags))


def answer_build_prune(engine, connection, request):
    """The cache of the classic builder is its images, which this does not remove."""
    for key in practice_filters(request.text("filters")):
        if key not in PRUNE_FILTERS:
            raise PracticeRefusal(400, "failed to prune build cache: Invalid filter '%s'" % key)
    return {"CachesDeleted": None, "SpaceReclaimed": 0}


def answer_build_cancel(engine, connection, request):
    if not request.text("id"):
        raise PracticeRefusal(500, "build ID not provided")
    return 200


BUILD_ROUTES = (
    ("POST", "/build", unlocked(answer_build)),
    ("POST", "/build/prune", answer_build_prune),
    ("POST", "/build/cancel", answer_build_cancel),
)
