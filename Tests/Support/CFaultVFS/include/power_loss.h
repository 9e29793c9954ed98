#ifndef POWER_LOSS_H
#define POWER_LOSS_H

#include <stdint.h>

/// What becomes of writes that were not synced when the power went out.
enum power_loss_mode {
    /// All are gone.
    POWER_LOSS_DROP,
    /// Some are gone, in any order.
    POWER_LOSS_MIX,
    /// Some are gone, some are noise.
    POWER_LOSS_GARBLE,
};

/// From now on the VFS "fault" remembers what it overwrites until the next sync of the file. At the n-th sync (1-based)
/// the power goes out: that sync and every later write fail. 0 only remembers.
void power_loss_record(int syncs);

/// Whether the power is out.
int power_loss_is_out(void);

/// Leaves the files, which nobody may have open any more, as the power loss has left them, and ends remembering.
///
/// Returns how many writes were undone or garbled.
int power_loss_apply(enum power_loss_mode mode, uint64_t seed);

// For the VFS.
int power_loss_will_write(const char *path, long long offset, int count);
int power_loss_will_sync(const char *path);

#endif
