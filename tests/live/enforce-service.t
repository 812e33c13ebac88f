#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce-service.t: rtla-stall enforce as systemd runs it: the unit file as systemd reads it, readiness, the end of all
# its processes at once. On this machine's own kernel; boosts nothing. TAP.

if [ "$(id -u)" != 0 ]; then
	echo '1..0 # SKIP enforce as a service: not root'
	exit 0
elif ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP enforce as a service: python3 is not installed'
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unit=${0%/*}/../../rtla-stall/rtla-stall-enforce.service
count=0
failed=0

# result STATUS WHAT
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		sed 's/^/#   /' "$dir/out"
	fi
}

if command -v systemd-analyze >/dev/null; then
	# with the program where it is, and no stalld that its Conflicts= could name
	sed "s,/usr/bin/rtla-stall ,$RTLA_STALL ," "$unit" >"$dir/rtla-stall-enforce.service"
	systemd-analyze --man=no verify "$dir/rtla-stall-enforce.service" >"$dir/out" 2>&1
	status=$?
	! grep -q rtla-stall "$dir/out" || status=1
	result $status 'systemd reads the unit file without complaint'
else
	count=$((count + 1))
	echo "ok $count - systemd reads the unit file without complaint # SKIP systemd-analyze is not installed"
fi

# listen ADDRESS ALL: it is ready within 20 s and says so there; SIGTERM, to all its processes if ALL is 1, ends it
# with status 0.
listen() {
	timeout 60 python3 - "$1" "$2" >"$dir/out" 2>&1 <<'EOF'
import os, signal, socket, subprocess, sys, time

address, to_all = sys.argv[1], sys.argv[2] == "1"
program = os.environ["RTLA_STALL"]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\0" + address[1:] if address.startswith("@") else address)
listener.settimeout(20)
environment = dict(os.environ, NOTIFY_SOCKET=address)
process = subprocess.Popen([program, "enforce", "--systemd", "-T", "100s", "--dry-run", "--log", "none"] if not to_all
                           else [program, "enforce", "--systemd", "-T", "100s", "--log", "none"],
                           env=environment, start_new_session=True)
try:
    began = time.monotonic()
    message = listener.recv(4096).decode()
    print(f"after {time.monotonic() - began:.2f} s: {message!r}")
    assert "READY=1" in message.split("\n"), "it does not say that it is ready"
    assert process.poll() is None, "it has ended"
    ours = [process.pid]
    if to_all:
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/stat") as file:
                    if name.isdigit() and int(file.read().rsplit(")", 1)[1].split()[1]) in ours:
                        ours.append(int(name))
            except OSError:
                pass
        print(f"its processes: {len(ours)}")
        assert len(ours) > 1, "nobody would restore"
    for pid in ours:
        os.kill(pid, signal.SIGTERM)
    assert process.wait(20) == 0, f"it ends with {process.returncode}"
    until = time.monotonic() + 20
    while [pid for pid in ours[1:] if os.path.exists(f"/proc/{pid}")]:
        assert time.monotonic() < until, "its other processes do not end"
        time.sleep(0.1)
finally:
    if process.poll() is None:
        process.kill()
EOF
	result $? "$3"
}

listen "$dir/socket" 0 'it says that it is ready'
listen "@rtla-stall-test-$$" 0 'at an abstract address, too'
listen "$dir/socket2" 1 'SIGTERM to all of its processes ends them, with status 0'
echo "1..$count"
[ "$failed" = 0 ]
