// SPDX-License-Identifier: GPL-2.0-only
#include "kthread.h"

#include <stddef.h>
#include <string.h>

#include "../util/array.h"

/*
 * Documentation/admin-guide/kernel-per-CPU-kthreads.rst, and kthread_create() callers of 3.10 to
 * 7.3.
 */
static const char *const prefixes[] = {
	"backlog_napi/", "cpuhp/", "dm_bufio", "ext4-rsv-conver", "idle_inject/", "irq/",
	"irq_work/", "jbd2/", "kcompactd", "kmmpd-", "kswapd", "ksoftirqd/", "ktimers/",
	"ktimersoftd/", "kworker/", "migration/", "napi/", "nvme-", "osnoise/",
	"posixcputmr/", "rcub/", "rcuc/", "rcuog/", "rcuop/", "rcuos/", "rcuob/", "scsi_eh_",
	"scsi_tmf_", "timerlat/", "watchdog/", "xfs-", "xfsaild/",
};

static const char *const whole[] = {
	"acpi_thermal_pm", "ata_sff", "blkcg_punt_bio", "cpuset_migrate_", "cryptd", "devfreq_wq",
	"ecryptfs-kthrea", "edac-poller", "hwrng", "inet_frag_wq", "ipv6_addrconf", "kauditd",
	"kblockd", "kdamond", "kdevtmpfs", "khugepaged", "khungtaskd", "kintegrityd", "kmemleak",
	"kmpath_rdacd", "kpsmoused", "ksmd", "kstrp", "kthreadd", "kthrotld", "md",
	"mm_percpu_wq", "netns", "oom_reaper", "pool_workqueue_", "psimon", "rcu_bh",
	"rcu_exp_gp_kthr", "rcu_exp_par_gp_", "rcu_gp", "rcu_par_gp", "rcu_preempt", "rcu_sched",
	"rcu_tasks_kthre", "rcu_tasks_rude_", "rcu_tasks_trace", "slub_flushwq", "stopper",
	"tpm_dev_wq", "watchdogd", "writeback", "zswap-shrink",
};

bool kthread_has_name(const char *comm)
{
	for (size_t i = 0; i < NR_ELEMENTS(prefixes); i++) {
		if (!strncmp(comm, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	for (size_t i = 0; i < NR_ELEMENTS(whole); i++) {
		if (!strcmp(comm, whole[i]))
			return true;
	}
	return false;
}
