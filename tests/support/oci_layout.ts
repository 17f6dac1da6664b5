/**
 * An OCI layout around any layers, as somebody hostile would write it: every digest is right, whatever the content.
 *
 * @module
 */

/** Path in the layout → content. */
export async function ociLayout(
  ...contents: Uint8Array<ArrayBuffer>[]
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const put = async (mediaType: string, data: Uint8Array<ArrayBuffer>) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
    files.set(`blobs/sha256/${digest}`, data);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${digest}`, size: data.length };
  };
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const layers = [];
  for (const content of contents) layers.push(await put("layer.v1.tar", content));
  const config = await put(
    "config.v1+json",
    json({
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["sh"] },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const manifest = await put("manifest.v1+json", json({ schemaVersion: 2, config, layers }));
  files.set("index.json", json({ schemaVersion: 2, manifests: [manifest] }));
  files.set("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  return files;
}
