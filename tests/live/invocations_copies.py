"""cp, given to docker 28.2.2 and to rawdock: see tests/live/invocations.py."""

# ==== table begin: the sessions
SESSIONS = r"""
# Copies
+ create --name rec-one busybox true
cp rec-one:/etc/passwd p
cp -q=false rec-one:/etc/passwd .
cp --quiet=false -L rec-one:/bin/sh shell
cp rec-one:/nosuch .
cp rec-nosuch:/etc .
cp rec-one:/etc p
cp rec-one:/etc/passwd no/such
cp rec-one:/etc/passwd no/
cp rec-one:/etc/passwd /dev/null
cp rec-one: .
cp rec-one:/etc/../etc/group g
cp rec-one:etc/group g
cp nosuch rec-one:/
cp p/ rec-one:/
cp p/x rec-one:/
cp -q=false p rec-one:/tmp
cp -q=false -a p rec-one:/tmp/new
container cp -aL p rec-one:/tmp/new
cp - rec-one:/etc/passwd
cp - rec-one:/nosuch
cp - rec-one:/tmp < not a tar
cp p rec-one:tmp/relative
cp ./p rec-one:/tmp/a:b
cp rec-one:/tmp/a:b .
cp ./a:b rec-one:/tmp
cp a:b rec-one:/tmp
"""
# ==== table end
