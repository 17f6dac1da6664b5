// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { cleanPath, isWithin, parseMounts, parseOwnGroups, pathInMount } from "../../../lib/cgroup/mount_table.ts";

Deno.test("parseMounts() reads a line with any number of optional fields", () => {
  const optional = ["", "shared:9 ", "shared:9 master:1 propagate_from:2 "];
  for (const fields of optional) {
    assertEquals(parseMounts(`25 22 0:22 / /sys/fs/cgroup rw,nosuid ${fields}- cgroup2 cgroup2 rw,nsdelegate\n`), [
      { id: "25", parentId: "22", root: "/", point: "/sys/fs/cgroup", readOnly: false, type: "cgroup2" },
    ]);
  }
});

Deno.test("parseMounts() undoes the octal escapes of a mount's root and point", () => {
  const [mount] = parseMounts("25 22 0:22 /a\\040b /mnt/\\011\\012\\134040\\043é rw - cgroup2 none rw");
  assertEquals([mount.root, mount.point], ["/a b", "/mnt/\t\n\\040#é"]);
});

Deno.test("parseMounts() tells a read-only mount and a read-only file system, and no other option with ro in it", () => {
  const readOnly = (options: string, superOptions: string) =>
    parseMounts(`25 22 0:22 / /x ${options} - cgroup2 none ${superOptions}`)[0].readOnly;
  assertEquals([readOnly("ro,nosuid", "rw"), readOnly("rw", "ro"), readOnly("rw,foo=ro", "rw,error")], [
    true,
    true,
    false,
  ]);
});

Deno.test("parseMounts() leaves out a mount that another one lies on, and lines that are none", () => {
  const table = [
    "25 22 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
    "26 25 0:23 / /sys/fs/cgroup rw - cgroup2 none rw",
    "27 25 0:24 / /sys/fs/cgroup/below rw - cgroup none rw",
    "",
    "28 25 what is this",
    "29 25 0:24 / /x rw shared:1",
  ];
  assertEquals(parseMounts(table.join("\n")).map(({ id }) => id), ["26", "27"]);
});

Deno.test("parseOwnGroups() reads the line of v2, and the controllers of v1", () => {
  assertEquals(parseOwnGroups("12:cpu,cpuacct:/a\n4:memory:/b:c\n1:name=systemd:/d\n0::/e:f g\n"), {
    unified: "/e:f g",
    v1Controllers: ["cpu", "cpuacct", "memory", "name=systemd"],
  });
  assertEquals(parseOwnGroups(""), { unified: undefined, v1Controllers: [] });
});

Deno.test("isWithin() takes a folder and what is below it, and not its namesakes", () => {
  const answers = [["/a", "/a"], ["/a/b", "/a"], ["/a", "/"], ["/", "/"], ["/ab", "/a"], ["/", "/a"], ["/b", "/a"]];
  assertEquals(answers.map(([path, folder]) => isWithin(path, folder)), [true, true, true, true, false, false, false]);
});

Deno.test("pathInMount() puts what is below the mount's root below its point", () => {
  const at = (group: string, root: string, point: string) => {
    return pathInMount(group, { id: "1", parentId: "0", root, point, readOnly: false, type: "cgroup2" });
  };
  assertEquals(at("/a/b", "/", "/sys/fs/cgroup"), "/sys/fs/cgroup/a/b");
  assertEquals(at("/", "/", "/sys/fs/cgroup"), "/sys/fs/cgroup");
  assertEquals(at("/docker/abc/x", "/docker/abc", "/sys/fs/cgroup"), "/sys/fs/cgroup/x");
  assertEquals(at("/docker/abc", "/docker/abc", "/"), "/");
});

Deno.test("cleanPath() leaves .. alone", () => assertEquals(cleanPath("//a/./b/../c/"), "/a/b/../c"));
