// SPDX-License-Identifier: GPL-2.0-only
#include "sampler.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/error.h"

#define CLOCK_PERIOD_NS 100000u
#define CYCLES_PERIOD 300000u	/* about as long */
#define LOOK_NS 100000u
#define MAX_RECORD 4096u

/* What PERF_RECORD_SAMPLE holds by the sample_type below. */
struct sample_record {
	struct perf_event_header header;
	uint64_t address;
	uint32_t tgid;
	uint32_t tid;
	uint64_t at;
	uint64_t nr_frames;
	uint64_t frames[];
};

void sampler_init(struct sampler *sampler, uint32_t cpu)
{
	*sampler = (struct sampler){ .cpu = cpu, .clock_fd = -1, .cycles_fd = -1 };
}

/*
 * A fixed period, not a frequency: that would keep the tick of a nohz_full CPU. It is to wake nobody, nor to
 * switch itself off: before 6.12 both are jobs for a thread of that CPU with PREEMPT_RT, which a stall keeps
 * waiting, and with it whoever closes the event.
 */
static int open_event(uint32_t cpu, uint32_t type, uint64_t config, uint64_t period)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.sample_period = period,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN,
		.disabled = 1,
		.exclude_callchain_user = 1,
		.use_clockid = 1,
		.watermark = 1,
		.wakeup_watermark = UINT32_MAX,
		.clockid = CLOCK_MONOTONIC,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Why it was refused; perf_event_paranoid is what decides most often. */
static int explain(struct error *err, int code)
{
	__cleanup_fclose FILE *file = NULL;
	int paranoid = 0;

	switch (code) {
	case EACCES:
	case EPERM:
		file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
		if (file && fscanf(file, "%d", &paranoid) == 1 && code == EACCES)
			return error_set(err, -code, "perf events need CAP_PERFMON "
					 "(kernel.perf_event_paranoid is %d)", paranoid);
		return error_set(err, -code, "perf events are refused: seccomp, lockdown, or another "
				 "security module");
	case ENOSYS:
		return error_set(err, -code, "this kernel has no perf events, or seccomp hides them");
	case ENODEV:
		return error_set(err, -code, "the CPU is off");
	case EMFILE:
	case ENFILE:
		return error_set(err, -code, "too many open files for a perf event per CPU");
	default:
		return error_set(err, -code, "a perf event: %s", strerror(code));
	}
}

int sampler_open(struct sampler *sampler, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *buffer;
	int saved;

	sampler->clock_fd = open_event(sampler->cpu, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
				       CLOCK_PERIOD_NS);
	if (sampler->clock_fd < 0)
		return explain(err, errno);
	buffer = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, sampler->clock_fd, 0);
	if (buffer == MAP_FAILED) {
		saved = errno;
		sampler_close(sampler);
		if (saved == EPERM)
			return error_set(err, -saved, "the buffer of a perf event would exceed "
					 "kernel.perf_event_mlock_kb");
		return error_set(err, -saved, "the buffer of a perf event: %s", strerror(saved));
	}
	sampler->buffer = buffer;
	sampler->cycles_fd = open_event(sampler->cpu, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES,
					CYCLES_PERIOD);
	if (sampler->cycles_fd >= 0 &&
	    ioctl(sampler->cycles_fd, PERF_EVENT_IOC_SET_OUTPUT, sampler->clock_fd)) {
		close(sampler->cycles_fd);
		sampler->cycles_fd = -1;
	}
	return 0;
}

void sampler_close(struct sampler *sampler)
{
	if (sampler->cycles_fd >= 0)
		close(sampler->cycles_fd);
	if (sampler->buffer)
		munmap(sampler->buffer, 2 * (size_t)sysconf(_SC_PAGESIZE));
	if (sampler->clock_fd >= 0)
		close(sampler->clock_fd);
	sampler_init(sampler, sampler->cpu);
}

/* The buffer is a circle; @at counts on and on. */
static void copy_out(const struct sampler *sampler, uint64_t at, void *ret, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const char *samples = (const char *)sampler->buffer + page;
	size_t offset = at % page;
	size_t first = length < page - offset ? length : page - offset;

	memcpy(ret, samples + offset, first);
	memcpy((char *)ret + first, samples, length - first);
}

static void take_frames(const struct sample_record *record, size_t length, struct sample *sample)
{
	uint64_t nr = (length - sizeof(*record)) / sizeof(record->frames[0]);

	if (record->nr_frames < nr)
		nr = record->nr_frames;
	for (uint64_t i = 0; i < nr && sample->nr_frames < SAMPLER_MAX_FRAMES; i++) {
		/* Among the addresses are marks that say whose they are. */
		if (record->frames[i] < (uint64_t)PERF_CONTEXT_MAX)
			sample->frames[sample->nr_frames++] = record->frames[i];
	}
}

static bool take_record(const struct sample_record *record, size_t length, struct sample *sample)
{
	if (record->header.type != PERF_RECORD_SAMPLE || length < sizeof(*record))
		return false;
	*sample = (struct sample){
		.at = record->at,
		.address = record->address,
		.tid = (int32_t)record->tid,
		.tgid = (int32_t)record->tgid,
	};
	switch (record->header.misc & PERF_RECORD_MISC_CPUMODE_MASK) {
	case PERF_RECORD_MISC_USER:
		sample->mode = SAMPLE_USER;
		break;
	case PERF_RECORD_MISC_GUEST_KERNEL:
	case PERF_RECORD_MISC_GUEST_USER:
		sample->mode = SAMPLE_GUEST;
		break;
	default:
		sample->mode = SAMPLE_KERNEL;
		take_frames(record, length, sample);
		break;
	}
	return true;
}

/* The first sample in the buffer, which is empty afterwards. */
static bool read_buffer(const struct sampler *sampler, struct sample *sample)
{
	struct perf_event_mmap_page *control = sampler->buffer;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = control->data_tail;
	bool is_found = false;
	union {
		struct perf_event_header header;
		struct sample_record record;
		char bytes[MAX_RECORD];
	} copy;

	while (head - at <= page && head - at >= sizeof(copy.header)) {
		copy_out(sampler, at, &copy, sizeof(copy.header));
		if (copy.header.size < sizeof(copy.header) || copy.header.size > head - at ||
		    copy.header.size > sizeof(copy))
			break;
		copy_out(sampler, at, &copy, copy.header.size);
		if (!is_found)
			is_found = take_record(&copy.record, copy.header.size, sample);
		at += copy.header.size;
	}
	__atomic_store_n(&control->data_tail, head, __ATOMIC_RELEASE);
	return is_found;
}

int sampler_take(struct sampler *sampler, uint64_t timeout_ns, struct sample *ret, struct error *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct sample unwanted;
	uint64_t began_at;
	bool is_found;

	/* left by a timer that came after the last look */
	read_buffer(sampler, &unwanted);
	if (sampler->cycles_fd >= 0)
		ioctl(sampler->cycles_fd, PERF_EVENT_IOC_ENABLE, 0);
	if (ioctl(sampler->clock_fd, PERF_EVENT_IOC_ENABLE, 0))
		return error_set(err, -errno, "a perf event cannot be switched on: %s", strerror(errno));
	began_at = clock_mono_ns();
	/* Not by poll(): waking us up is a job for a thread on that CPU with PREEMPT_RT. */
	do {
		is_found = read_buffer(sampler, ret);
		if (!is_found)
			nanosleep(&pause, NULL);
	} while (!is_found && clock_mono_ns() - began_at < timeout_ns);
	if (sampler->cycles_fd >= 0)
		ioctl(sampler->cycles_fd, PERF_EVENT_IOC_DISABLE, 0);
	ioctl(sampler->clock_fd, PERF_EVENT_IOC_DISABLE, 0);
	return is_found ? 0 : error_set(err, -ETIME, "no sample came");
}
