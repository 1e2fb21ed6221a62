"""save, load, import and export, and pull and push as far as they print: see tests/live/invocations.py."""

# ==== table begin: the sessions
SESSIONS = r"""
# Save
+ tag busybox rec-one:first
+ tag busybox rec-one:second
save -o one.tar rec-one:first
save --output=two.tar rec-one:first rec-one:second
save -o name.tar rec-one
image save -o noun.tar rec-one:first
save -o one.tar rec-nosuch
save rec-nosuch
save rec-one:first rec-nosuch
save ""
save -o one.tar ""
save Rec-Upper
save -o . rec-one:first
save -o "" rec-nosuch
save -o no-such-folder/one.tar rec-one:first
save -o one.tar/x rec-one:first
save -o /dev/null rec-one:first
save -o /dev/null rec-nosuch
save --platform linux/amd64 rec-one:first
save --platform nonsense/nonsense/x/y rec-one:first
save --platform "" rec-nosuch

# Load
+ tag busybox rec-two:first
+ tag busybox rec-two:second
+ create --name rec-one busybox true
+ save -o one.tar rec-two:first
+ save -o two.tar rec-two:first rec-two:second
+ export -o files.tar rec-one
load -i one.tar
load --input two.tar
load -q -i two.tar
load -i one.tar --quiet=false
image load -i one.tar
load -i files.tar
load -i no-such.tar
load -i .
load -i one.tar/x
load -i /etc/passwd
load -i /dev/null
load
load < text
load -q < text
load --platform linux/amd64 -i one.tar
load --platform linux/amd64 -i no-such.tar
load --platform a/b/c/d -i one.tar

# Import
+ create --name rec-one busybox true
+ export -o files.tar rec-one
import files.tar rec-image
import files.tar rec-image:two
import -c "ENV A=b" --change "CMD [\"true\"]" -m "a message" files.tar rec-image:three
image inspect -f "{{.Config.Env}} {{.Config.Cmd}} {{.Comment}} {{.Os}}" rec-image:three
import --platform linux/arm64 files.tar rec-image:four
image inspect -f "{{.Os}} {{.Architecture}}" rec-image:four
import --platform LINUX files.tar rec-image:five
import --platform nonsense/x files.tar rec-image:six
image import files.tar rec-image:seven
import - rec-image:eight
import - rec-image:eight < text
import -c "RUN true" files.tar rec-image
import -c nonsense files.tar rec-image
import files.tar Rec-Upper
import files.tar rec-image@sha256:95ca67465316576e8d6c0c6f7261b2fa82c5424964558257f230f132a693f126
import files.tar "rec image"
import no-such.tar rec-image
import no-such.tar Rec-Upper
import . rec-image
import /etc/passwd rec-image
import "" rec-image
import http://127.0.0.1:1/x.tar rec-image
import a b c

# Export
+ create --name rec-one busybox true
export -o "" rec-nosuch
export -o /dev/stdout rec-nosuch
export -o /dev/full rec-one
container export -o no-such-folder/out.tar rec-one

# What pull and push print
+ tag busybox {registry}/rec-push:one
+ tag busybox {registry}/rec-push:two
+ push -q {registry}/rec-push:one
push {registry}/rec-push:one
push -q {registry}/rec-push:two
push --quiet=false {registry}/rec-push:two
push -a {registry}/rec-push
push -aq {registry}/rec-push
push {registry}/rec-push:none
push -q {registry}/rec-push:none
push -a {registry}/rec-push:one
push {registry}/rec-push
push --platform linux/amd64 {registry}/rec-push:one
push --platform a/b/c/d {registry}/rec-push:one
image push -q {registry}/rec-push:one
pull -q {registry}/rec-push:one
pull {registry}/rec-push:one
pull -a {registry}/rec-push
pull -aq {registry}/rec-push
pull -a {registry}/rec-push:one
pull {registry}/rec-push:none
pull -q {registry}/rec-push:none
pull {registry}/rec-nosuch
pull --platform linux/amd64 -q {registry}/rec-push:two
pull --platform a/b/c/d -q {registry}/rec-push:two
image pull -q {registry}/rec-push:one
pull 127.0.0.1:1/rec-push
"""
# ==== table end
