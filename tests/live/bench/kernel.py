# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernels by name: fetched through apt, unpacked without being installed, cached.

Every kernel has a directory in the cache with `vmlinuz`, the few modules the guest loads, the headers
that the bench's own module is built against, and `release`, which is written last: a directory with it
is whole and needs no network.
"""

import fcntl
import glob
import os
import re
import shutil
import subprocess

from . import Unavailable

# name: suite, a codename of Debian or CODENAME-backports
KERNELS = {
    "6.1-rt": "bookworm",
    "6.12-rt": "trixie",
    "backports-rt": "trixie-backports",	# what it has today; 7.2 at the time of writing
}
IMAGE = "linux-image-rt-amd64"
HEADERS = "linux-headers-rt-amd64"
# In the order they are loaded in; what a kernel does not have as a module it has built in.
MODULES = ["virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci",
           "virtio_blk"]


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "rtla-stall")


class Kernel:
    """One kernel, ready to be booted and to build modules for."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.dir = os.path.join(cache_dir(), "kernels", name)

    @property
    def release(self):
        with open(os.path.join(self.dir, "release"), encoding="ascii") as file:
            return file.read().strip()

    @property
    def image(self):
        return os.path.join(self.dir, "vmlinuz")

    @property
    def modules(self):
        """Paths of what the guest loads, in order."""
        return [path for path in (os.path.join(self.dir, "modules", module + ".ko")
                                  for module in MODULES) if os.path.exists(path)]

    def prepare(self):
        """Fetch and unpack what is not there."""
        os.makedirs(os.path.dirname(self.dir), exist_ok=True)
        with open(self.dir + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.exists(os.path.join(self.dir, "release")):
                return
            shutil.rmtree(self.dir, ignore_errors=True)
            self._fetch()

    def _fetch(self):
        need("apt-get", "apt-cache", "dpkg-deb")
        apt = Apt(KERNELS[self.name], os.path.join(cache_dir(), "apt", KERNELS[self.name]))
        self.log(f"fetching the {self.name} kernel from suite {apt.suite}")
        apt.update()
        image = apt.depends(IMAGE, r"linux-image-[^ ,]+-rt-amd64")
        headers = apt.depends(HEADERS, r"linux-headers-[^ ,]+-rt-amd64")
        # Newer packages have the image and its modules in packages of their own.
        others = apt.all_depends(image, r"linux-binary-[^ ,]+-rt-amd64|linux-modules-[^ ,]+-rt-amd64")
        others += apt.all_depends(headers, r"linux-headers-[^ ,]+-common(?:-rt)?|linux-kbuild-[^ ,]+")
        release = image[len("linux-image-"):].removesuffix("-unsigned")
        partial = self.dir + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        debs = os.path.join(partial, "debs")
        os.makedirs(debs)
        apt.download([image, headers] + others, debs)
        root = os.path.join(partial, "root")
        for deb in glob.glob(os.path.join(debs, "*.deb")):
            checked(["dpkg-deb", "-x", deb, root])
        shutil.rmtree(debs)
        self._keep_needed(partial, root, release)
        os.rename(partial, self.dir)
        self._point_headers(release)
        if not self._tools_work(release):
            self._wrap_tools(apt, release)
        with open(os.path.join(self.dir, "release"), "w", encoding="ascii") as file:
            file.write(release + "\n")

    @staticmethod
    def _keep_needed(partial, root, release):
        """The image's package is 400 MB, nearly all of it modules."""
        images = glob.glob(f"{root}/**/vmlinuz-{release}", recursive=True) or glob.glob(
            f"{root}/**/{release}/vmlinuz", recursive=True)
        if not images:
            raise Unavailable(f"the packages of {release} hold no vmlinuz")
        os.rename(images[0], os.path.join(partial, "vmlinuz"))
        os.makedirs(os.path.join(partial, "modules"))
        for module in MODULES:
            for path in glob.glob(f"{root}/**/kernel/**/{module}.ko*", recursive=True):
                unpack_module(path, os.path.join(partial, "modules", module + ".ko"))
        for path in (["boot"] + glob.glob(f"{root}/lib/modules") + glob.glob(f"{root}/usr/lib/modules") +
                     glob.glob(f"{root}/usr/share")):
            shutil.rmtree(os.path.join(root, path), ignore_errors=True)

    def headers_dir(self, release=None):
        return os.path.join(self.dir, "root/usr/src/linux-headers-" + (release or self.release))

    def _point_headers(self, release):
        """The headers' Makefile names its sibling by where it would be installed."""
        makefile = os.path.join(self.headers_dir(release), "Makefile")
        with open(makefile, encoding="ascii") as file:
            text = file.read()
        with open(makefile, "w", encoding="ascii") as file:
            file.write(text.replace("/usr/src/", os.path.join(self.dir, "root/usr/src/")))

    def _tools(self, release):
        scripts = os.path.realpath(os.path.join(self.headers_dir(release), "scripts"))
        for directory in (scripts, os.path.realpath(os.path.join(self.headers_dir(release), "tools"))):
            for path, _, names in os.walk(directory):
                for name in names:
                    with open(os.path.join(path, name), "rb") as file:
                        if file.read(4) == b"\x7fELF":
                            yield os.path.join(path, name)

    def _tools_work(self, release):
        """Whether the kernel's build tools run here: a newer suite's may need a newer C library."""
        return not any("not found" in subprocess.run(["ldd", tool], stdout=subprocess.PIPE,
                                                     stderr=subprocess.STDOUT, text=True,
                                                     check=False).stdout
                       for tool in self._tools(release))

    def _wrap_tools(self, apt, release):
        """Let the build tools run with the C library of their own suite."""
        self.log("fetching the C library of that suite, for the kernel's build tools")
        runtime = os.path.join(self.dir, "runtime")
        debs = os.path.join(runtime, "debs")
        os.makedirs(debs)
        apt.download(["libc6", "libelf1t64", "zlib1g", "libzstd1", "libssl3t64"], debs)
        for deb in glob.glob(os.path.join(debs, "*.deb")):
            checked(["dpkg-deb", "-x", deb, runtime])
        shutil.rmtree(debs)
        loader = glob.glob(f"{runtime}/**/ld-linux-x86-64.so.2", recursive=True)[0]
        libraries = os.path.dirname(glob.glob(f"{runtime}/**/libc.so.6", recursive=True)[0])
        for tool in list(self._tools(release)):
            os.rename(tool, tool + ".real")
            with open(tool, "w", encoding="utf-8") as file:
                # Some tools call others by their own name.
                file.write(f'#!/bin/sh\nexec {loader} --argv0 {tool} --library-path {libraries} '
                           f'{tool}.real "$@"\n')
            os.chmod(tool, 0o755)

    def build_module(self, source_dir, build_dir):
        """Build the kernel module of @source_dir; the path of the .ko."""
        need("make")
        shutil.rmtree(build_dir, ignore_errors=True)
        shutil.copytree(source_dir, build_dir)
        command = ["make", "-s", "-C", self.headers_dir(), "M=" + build_dir,
                   "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"]
        with open(os.path.join(self.headers_dir(), ".kernelvariables"), encoding="ascii") as file:
            wanted = re.search(r"gcc-\d+", file.read())
        if wanted and not shutil.which(wanted.group()):
            command += ["CC=" + self._compiler(build_dir), "HOSTCC=gcc"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        built = glob.glob(os.path.join(build_dir, "*.ko"))
        if done.returncode or not built:
            raise Unavailable(f"cannot build the kernel module for {self.release}:\n{done.stdout}")
        return built[0]

    @staticmethod
    def _compiler(directory):
        """The compiler there is, for a kernel that was built with a newer one and uses its options."""
        need("gcc")
        path = os.path.join(directory, "compiler")
        with open(path, "w", encoding="ascii") as file:
            file.write("""#!/bin/sh
for option; do
	shift
	case $option in
	-fmin-function-alignment=*) set -- "$@" "-falign-functions=${option#*=}" ;;
	*) set -- "$@" "$option" ;;
	esac
done
exec gcc "$@"
""")
        os.chmod(path, 0o755)
        return path


class Apt:
    """apt with sources of our own: the machine's Debian sources with the suite replaced."""

    def __init__(self, suite, state_dir):
        self.suite = suite
        self.dir = state_dir
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(state_dir, name), exist_ok=True)
        with open(os.path.join(state_dir, "sources.list"), "w", encoding="utf-8") as file:
            file.write("".join(self._sources()))
        self.options = ["-q", "-o", f"Dir::Etc::sourcelist={state_dir}/sources.list",
                        "-o", "Dir::Etc::sourceparts=-", "-o", f"Dir::State::lists={state_dir}/lists",
                        "-o", f"Dir::Cache={state_dir}/cache", "-o", "APT::Sandbox::User=",
                        "-o", "Acquire::Languages=none",
                        "-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=30"]

    def _sources(self):
        """Lines for our sources.list."""
        codename = read_codename()
        ours, _, extra = self.suite.partition("-")
        lines = []
        for uri, suite, components, signed_by in machine_sources():
            if "main" not in components or not (suite == codename or suite.startswith(codename + "-")):
                continue
            option = f" [signed-by={signed_by}]" if signed_by else ""
            lines.append(f"deb{option} {uri} {ours}{suite[len(codename):]} main\n")
            if extra and suite == codename:
                lines.append(f"deb{option} {uri} {self.suite} main\n")
        if not lines:
            raise Unavailable(f"apt has no source of Debian {codename or '?'} here to derive {self.suite} from")
        return lines

    def update(self):
        """Errors of single sources do not matter if the packages are found."""
        subprocess.run(["apt-get"] + self.options + ["update"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)

    def _show(self, package):
        """The newest record of a package; of a target release where there is an extra suite."""
        command = ["apt-cache"] + self.options
        if "-" in self.suite:
            command += ["-t", self.suite]
        done = subprocess.run(command + ["--no-all-versions", "show", package], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode or not done.stdout:
            raise Unavailable(f"apt finds no {package} in {self.suite}: {done.stderr.strip()}")
        return done.stdout

    def all_depends(self, package, pattern):
        depends = re.search(r"^Depends: (.*)$", self._show(package), re.M)
        return re.findall(rf"(?:^|, )({pattern})(?= |,|$)", depends.group(1) if depends else "")

    def depends(self, package, pattern):
        found = self.all_depends(package, pattern)
        if not found:
            raise Unavailable(f"{package} in {self.suite} depends on nothing like {pattern}")
        return found[0]

    def download(self, packages, directory):
        command = ["apt-get"] + self.options
        if "-" in self.suite:
            command += ["-t", self.suite]
        done = subprocess.run(command + ["download"] + packages, cwd=directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"apt cannot download {' '.join(packages)}:\n{done.stdout}")


def read_codename():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            found = re.search(r"^VERSION_CODENAME=\"?(\w+)", file.read(), re.M)
    except OSError:
        found = None
    return found.group(1) if found else ""


def machine_sources():
    """(uri, suite, components, signed-by) of every binary source of the machine's apt."""
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*")):
        try:
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"(?m)^\s*#.*\n?", "", file.read())
        except OSError:
            continue
        if path.endswith(".sources"):
            for paragraph in re.split(r"\n\s*\n", text):
                yield from deb822_sources(paragraph)
        elif path.endswith(".list"):
            yield from line_sources(text)


def deb822_sources(paragraph):
    fields = {key.lower(): value.split()
              for key, value in re.findall(r"(?m)^([\w-]+):((?:.*)(?:\n[ \t].*)*)", paragraph)}
    signed_by = fields.get("signed-by", [""])[0]
    if "deb" not in fields.get("types", []) or fields.get("enabled", ["yes"]) == ["no"]:
        return
    for uri in fields.get("uris", []):
        for suite in fields.get("suites", []):
            yield uri, suite, fields.get("components", []), signed_by if signed_by[:1] == "/" else ""


def line_sources(text):
    for options, uri, suite, components in re.findall(
            r"(?m)^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$", text):
        signed_by = re.search(r"signed-by=(/\S+)", options)
        yield uri, suite, components.split(), signed_by.group(1) if signed_by else ""


def unpack_module(path, to):
    """Newer suites compress modules; the guest's insmod takes them plain."""
    if path.endswith(".ko"):
        shutil.move(path, to)
        return
    need("xz" if path.endswith(".xz") else "zstd")
    with open(to, "wb") as file:
        subprocess.run(["xz" if path.endswith(".xz") else "zstd", "-dc", path], stdout=file, check=True)


def checked(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} failed:\n{done.stdout}")


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
