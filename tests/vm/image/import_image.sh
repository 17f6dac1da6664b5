# Makes of the root file system DIR/root.tar an image of two layers, the second one with a whiteout: the OCI layout
# DIR/oci with the images "two" and "one" (its first layer), DIR/oci.tar.gz, and DIR/docker.tar as docker save has it.
set -eu
cd "$1"
umoci init --layout oci
umoci new --image oci:two
umoci unpack --image oci:two bundle
tar --extract --file root.tar --xattrs --xattrs-include='*' --directory bundle/rootfs
umoci repack --image oci:two bundle
umoci tag --image oci:two one
rm -rf bundle
umoci unpack --image oci:two bundle
rm bundle/rootfs/srv/gone
echo second >bundle/rootfs/srv/second
umoci repack --image oci:two bundle
rm -rf bundle
umoci config --image oci:two --config.user nobody:daemon --config.workingdir /srv --config.env 'GREETING=good
day' --config.env PATH=/opt:/bin --config.entrypoint /bin/sh --config.entrypoint -c \
  --config.cmd 'id -un; id -gn; pwd; printf "%s\n" "$GREETING" "$PATH"'
umoci config --image oci:one --tag arm --architecture arm64
umoci gc --layout oci
tar --create --gzip --file oci.tar.gz --directory oci blobs index.json oci-layout
skopeo --insecure-policy copy -q oci:oci:two docker-archive:docker.tar:example.org/two:v2
