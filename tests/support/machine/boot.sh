# The first process of a machine inside this one: lays an overlay over everything that an installation writes.
set -eu
mount --make-rprivate /
mkdir -p "$MACHINE/layers"
cp "$HERE/systemctl.py" "$HERE/confine.py" "$MACHINE/"
for folder in etc var opt usr/local root home; do
    layer="$MACHINE/layers/$(echo "$folder" | tr / -)"
    mkdir -p "$layer/upper" "$layer/work" "/$folder"
    [ "$folder" = var ] || { mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$layer/upper,workdir=$layer/work" "/$folder"; continue; }
    # The layers themselves lie below /var: only the parts of it that an installation writes are covered.
    for part in lib/belsimple lib/logrotate log spool cache; do
        piece="$MACHINE/layers/var-$(echo "$part" | tr / -)"
        mkdir -p "$piece/upper" "$piece/work" "/var/$part"
        mount -t overlay overlay -o "lowerdir=/var/$part,upperdir=$piece/upper,workdir=$piece/work" "/var/$part"
    done
done
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/lock /run/user
# Nothing of this checkout's own services: neither their data nor their user.
find /var/lib/belsimple -mindepth 1 -delete
userdel belsimple 2>/dev/null || true
groupdel belsimple 2>/dev/null || true
echo '127.0.0.1 service.example.com' >>/etc/hosts
ip link set lo up
install -m 755 "$MACHINE/systemctl.py" /usr/local/bin/systemctl
install -m 755 "$MACHINE/confine.py" /usr/local/bin/confine.py
touch "$MACHINE/ready"
exec sleep infinity
