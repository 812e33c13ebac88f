# SPDX-License-Identifier: GPL-2.0-only
"""The guest: its initramfs, and a run of it under QEMU.

Results come out on a raw disk: one tar after the other, each written as soon as its scenario is over,
so that a guest that dies takes only the scenario with it that it died in.
"""

import gzip
import io
import os
import re
import selectors
import shutil
import signal
import stat
import subprocess
import tarfile
import time

from .kernel import checked, need

PROGRAMS = ["loop", "pichain", "waker"]
RESULT_DISK_SIZE = 1 << 30		# sparse
BOOT_SECONDS = 180
COMMAND_LINE = ("console=ttyS0,115200 loglevel=4 panic=-1 oops=panic tsc=reliable no_timer_check "
                "isolcpus=2,3 nohz_full=3 rcu_nocbs=3 irqaffinity=0,1 nowatchdog nosoftlockup "
                "rcupdate.rcu_cpu_stall_suppress=1 random.trust_cpu=on mitigations=off "
                "cgroup_no_v1=all")


class Initramfs:
    """A newc archive in the making."""

    def __init__(self):
        self.out = io.BytesIO()
        self.names = set()
        self.inode = 0

    def _entry(self, name, mode, content=b"", device=(0, 0)):
        parent = os.path.dirname(name)
        if parent and parent not in self.names:
            self._entry(parent, stat.S_IFDIR | 0o755)
        if name in self.names:
            return
        self.names.add(name)
        self.inode += 1
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, device[0], device[1], len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        self._padded(head)
        self._padded(content)

    def _padded(self, content):
        self.out.write(content)
        self.out.write(b"\0" * (-self.out.tell() % 4))

    def directory(self, name):
        self._entry(name, stat.S_IFDIR | 0o755)

    def device(self, name, major, minor):
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def text(self, name, text):
        self._entry(name, stat.S_IFREG | 0o644, text.encode())

    def file(self, name, path):
        with open(path, "rb") as file:
            self._entry(name, stat.S_IFREG | 0o755, file.read())

    def program(self, path, name=None):
        """A program and the libraries it is linked with, at the places they have here."""
        self.file(name or "bin/" + os.path.basename(path), path)
        done = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False)
        for library in re.findall(r"(/\S+) \(0x", done.stdout):
            self.file(library[1:], os.path.realpath(library))

    def write(self, path):
        self._entry("TRAILER!!!", 0)
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(self.out.getvalue())


def build_programs(source_dir, build_dir):
    """Paths of the bench's own programs, linked statically."""
    need("gcc")
    os.makedirs(build_dir, exist_ok=True)
    for name in PROGRAMS:
        checked(["gcc", "-static", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o",
                 os.path.join(build_dir, name), os.path.join(source_dir, name + ".c"),
                 os.path.join(source_dir, "bench.c"), "-lpthread"])
    return [os.path.join(build_dir, name) for name in PROGRAMS]


def build_initramfs(path, kernel, module, programs, live_dir, scenarios, tool):
    """@scenarios: names to run, in order; @tool: rtla-stall, or None."""
    need("busybox", "trace-cmd", "chrt", "ldd")
    archive = Initramfs()
    for name in ("proc", "sys", "dev", "tmp", "bin", "bench"):
        archive.directory(name)
    archive.device("dev/console", 5, 1)
    archive.file("init", os.path.join(live_dir, "guest", "init"))
    archive.program(shutil.which("busybox"), "bin/busybox")
    archive.file("bin/sh", shutil.which("busybox"))
    archive.program(shutil.which("trace-cmd"))
    archive.program(shutil.which("chrt"))
    for program in programs:
        archive.program(program)
    if tool:
        archive.program(tool, "bin/rtla-stall")
    names = []
    for source in kernel.modules + [module]:
        names.append("/bench/" + os.path.basename(source))
        archive.file(names[-1][1:], source)
    archive.text("bench/modules", "\n".join(names) + "\n")
    archive.file("bench/lib.sh", os.path.join(live_dir, "guest", "lib.sh"))
    for scenario in os.listdir(os.path.join(live_dir, "scenarios")):
        if scenario.endswith(".scn"):
            archive.file("bench/scenarios/" + scenario, os.path.join(live_dir, "scenarios", scenario))
    archive.text("bench/list", "\n".join(scenarios) + "\n")
    archive.write(path)


class Run:
    """One boot. The guest says on its console what it is at: lines that begin with @bench."""

    def __init__(self, kernel, initramfs, work_dir, say):
        self.say = say
        self.kernel = kernel
        self.initramfs = initramfs
        self.console = os.path.join(work_dir, "console.log")
        self.disk = os.path.join(work_dir, "results.raw")
        self.ended = {}			# scenario: status
        self.at = None			# the scenario it is at
        self.carried = 0		# bytes on the result disk
        self.why = None			# it did not finish, because ...

    def _command(self, accel):
        need("qemu-system-x86_64")
        return ["qemu-system-x86_64", "-accel", accel, "-cpu", "max", "-smp", "4", "-m", "2048",
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-kernel", self.kernel.image, "-initrd", self.initramfs, "-append", COMMAND_LINE,
                "-serial", "stdio", "-serial", "null",
                "-drive", f"file={self.disk},format=raw,if=virtio,cache=unsafe"]

    def boot(self, accel, scenario_seconds, until):
        """Run until the guest is done, dies, says nothing for longer than it may, or @until has come."""
        with open(self.disk, "wb") as file:
            file.truncate(RESULT_DISK_SIZE)
        with open(self.console, "ab") as console, subprocess.Popen(
                self._command(accel), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True) as qemu:
            try:
                self._watch(qemu, console, scenario_seconds, until)
            finally:
                if qemu.poll() is None:
                    os.killpg(qemu.pid, signal.SIGKILL)

    def _watch(self, qemu, console, scenario_seconds, until):
        selector = selectors.DefaultSelector()
        selector.register(qemu.stdout, selectors.EVENT_READ)
        deadline = min(until, time.monotonic() + BOOT_SECONDS)
        rest = b""
        while True:
            if not selector.select(max(0, deadline - time.monotonic())):
                self.why = "it took too long" if self.at else "it did not boot in time"
                return
            some = os.read(qemu.stdout.fileno(), 65536)
            if not some:
                self.why = None if self.why == "finished" else "it died"
                return
            console.write(some)
            console.flush()
            *lines, rest = (rest + some).split(b"\n")
            for line in lines:
                words = line.decode(errors="replace").split()
                if "@bench" in words:
                    self._heard(words[words.index("@bench") + 1:])
                    deadline = min(until, time.monotonic() + scenario_seconds)

    def _heard(self, words):
        self.say(" ".join(words))
        if words[0] == "begin":
            self.at = words[1]
        elif words[0] == "end":
            self.ended[words[1]] = words[2]
            self.at = None
        elif words[0] == "carried":
            self.carried = int(words[1]) * 512
        elif words[0] == "finished":
            self.why = "finished"

    def unpack(self, directory):
        """Whatever the guest carried out: tars one after the other."""
        os.truncate(self.disk, self.carried)
        if not self.carried:
            return
        with tarfile.open(self.disk, mode="r:", ignore_zeros=True) as archive:
            for member in archive:
                if member.isreg() and ".." not in member.name and not member.name.startswith("/"):
                    archive.extract(member, directory, set_attrs=False)
        os.unlink(self.disk)
