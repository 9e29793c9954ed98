#include "fault_vfs.h"
#include "power_loss.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
    // As SQLite names it, for as long as the file is open; null for a temporary file.
    const char *path;
} FaultFile;

static sqlite3_vfs *realVFS;
static sqlite3_vfs faultVFS;
static atomic_int countdown;
static atomic_int syncCount;
static atomic_int full;
static atomic_int readOnly;

static sqlite3_file *real(sqlite3_file *file) { return ((FaultFile *)file)->real; }

static int closeFile(sqlite3_file *file) {
    int rc = real(file)->pMethods->xClose(real(file));
    free(real(file));
    return rc;
}

static int readFile(sqlite3_file *file, void *buffer, int count, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), buffer, count, offset);
}

static int writeFile(sqlite3_file *file, const void *buffer, int count, sqlite3_int64 offset) {
    if (atomic_load(&full)) return SQLITE_FULL;
    if (atomic_load(&readOnly)) return SQLITE_READONLY;
    if (!power_loss_will_write(((FaultFile *)file)->path, offset, count)) return SQLITE_IOERR_WRITE;
    return real(file)->pMethods->xWrite(real(file), buffer, count, offset);
}

static int truncateFile(sqlite3_file *file, sqlite3_int64 size) {
    if (!power_loss_will_write(((FaultFile *)file)->path, size, -1)) return SQLITE_IOERR_TRUNCATE;
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int syncFile(sqlite3_file *file, int flags) {
    atomic_fetch_add(&syncCount, 1);
    if (atomic_load(&countdown) > 0 && atomic_fetch_sub(&countdown, 1) == 1) return SQLITE_IOERR_FSYNC;
    if (!power_loss_will_sync(((FaultFile *)file)->path)) return SQLITE_IOERR_FSYNC;
    return real(file)->pMethods->xSync(real(file), flags);
}

static int fileSize(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int lockFile(sqlite3_file *file, int lock) { return real(file)->pMethods->xLock(real(file), lock); }
static int unlockFile(sqlite3_file *file, int lock) { return real(file)->pMethods->xUnlock(real(file), lock); }

static int checkLock(sqlite3_file *file, int *isLocked) {
    return real(file)->pMethods->xCheckReservedLock(real(file), isLocked);
}

static int control(sqlite3_file *file, int operation, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int sectorSize(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int characteristics(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

static int mapMemory(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}

static int lockMemory(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void memoryBarrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }

static int unmapMemory(sqlite3_file *file, int isDeleted) {
    return real(file)->pMethods->xShmUnmap(real(file), isDeleted);
}

// Version 2: with shared memory for WAL, without mapped reads, so that every access comes through here.
static const sqlite3_io_methods methods = {
    2,         closeFile,       readFile,  writeFile,  truncateFile,  syncFile,    fileSize, lockFile, unlockFile,
    checkLock, control,         sectorSize, characteristics, mapMemory, lockMemory, memoryBarrier, unmapMemory,
};

static int openFile(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *outFlags) {
    (void)vfs;
    FaultFile *fault = (FaultFile *)file;
    file->pMethods = 0;
    fault->real = calloc(1, (size_t)realVFS->szOsFile);
    if (!fault->real) return SQLITE_NOMEM;
    fault->path = name;
    int rc = realVFS->xOpen(realVFS, name, fault->real, flags, outFlags);
    if (fault->real->pMethods) {
        file->pMethods = &methods;
    } else {
        free(fault->real);
    }
    return rc;
}

int fault_vfs_register(void) {
    realVFS = sqlite3_vfs_find(0);
    faultVFS = *realVFS;
    faultVFS.pNext = 0;
    faultVFS.zName = "fault";
    faultVFS.szOsFile = sizeof(FaultFile);
    faultVFS.xOpen = openFile;
    return sqlite3_vfs_register(&faultVFS, 0);
}

void fault_vfs_fail_sync(int n) { atomic_store(&countdown, n); }
void fault_vfs_set_full(int isFull) { atomic_store(&full, isFull); }
void fault_vfs_set_read_only(int isReadOnly) { atomic_store(&readOnly, isReadOnly); }
int fault_vfs_sync_count(void) { return atomic_load(&syncCount); }
