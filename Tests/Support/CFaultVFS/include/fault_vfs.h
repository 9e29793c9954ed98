#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include "power_loss.h"

/// Registers a VFS named "fault" over the default one. Call it once, before any database is opened over it.
///
/// Faults and counts are of the whole process: tests that use them run one at a time.
///
/// Returns an SQLite result code.
int fault_vfs_register(void);

/// The n-th sync from now (1-based) fails with SQLITE_IOERR_FSYNC; 0 turns this off.
void fault_vfs_fail_sync(int n);

/// While on, every write fails with SQLITE_FULL.
void fault_vfs_set_full(int isFull);

/// While on, every write fails with SQLITE_READONLY.
void fault_vfs_set_read_only(int isReadOnly);

/// How many syncs there have been since the process started.
int fault_vfs_sync_count(void);

#endif
