#include "tests/support/fault_vfs.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace tests {
namespace {

struct FaultFile {
  sqlite3_file base;
};

sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FaultFile*>(file) + 1);
}
sqlite3_vfs* below(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}
FaultVfs& faults() {
  return FaultVfs::instance();
}

int close(sqlite3_file* file) {
  return below(file)->pMethods->xClose(below(file));
}
int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
  if (const int code = faults().next(FaultOn::read)) return code;
  return below(file)->pMethods->xRead(below(file), out, bytes, offset);
}
int write(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
  if (const int code = faults().next(FaultOn::write)) {
    // As a disk does it: the first half may have got there.
    (void)below(file)->pMethods->xWrite(below(file), in, bytes / 2, offset);
    errno = code == SQLITE_FULL ? ENOSPC : EIO;
    return code;
  }
  return below(file)->pMethods->xWrite(below(file), in, bytes, offset);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = faults().next(FaultOn::truncate)) return code;
  return below(file)->pMethods->xTruncate(below(file), size);
}
int sync(sqlite3_file* file, int flags) {
  if (const int code = faults().next(FaultOn::sync)) return code;
  return below(file)->pMethods->xSync(below(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return below(file)->pMethods->xFileSize(below(file), size);
}
int lock(sqlite3_file* file, int level) {
  return below(file)->pMethods->xLock(below(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return below(file)->pMethods->xUnlock(below(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* out) {
  return below(file)->pMethods->xCheckReservedLock(below(file), out);
}
int file_control(sqlite3_file* file, int op, void* arg) {
  return below(file)->pMethods->xFileControl(below(file), op, arg);
}
int sector_size(sqlite3_file* file) {
  return below(file)->pMethods->xSectorSize(below(file));
}
int device_characteristics(sqlite3_file* file) {
  return below(file)->pMethods->xDeviceCharacteristics(below(file));
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return below(file)->pMethods->xShmMap(below(file), page, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) {
  below(file)->pMethods->xShmBarrier(below(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return below(file)->pMethods->xShmUnmap(below(file), remove);
}

constexpr sqlite3_io_methods kMethods = {2,
                                         close,
                                         read,
                                         write,
                                         truncate,
                                         sync,
                                         file_size,
                                         lock,
                                         unlock,
                                         check_reserved_lock,
                                         file_control,
                                         sector_size,
                                         device_characteristics,
                                         shm_map,
                                         shm_lock,
                                         shm_barrier,
                                         shm_unmap,
                                         nullptr,
                                         nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  FaultFile& self = *new (file) FaultFile{{nullptr}};
  std::memset(below(file), 0, static_cast<size_t>(below(vfs)->szOsFile));
  const int code = below(vfs)->xOpen(below(vfs), name, below(file), flags, flags_out);
  if (below(file)->pMethods) self.base.pMethods = &kMethods;
  return code;
}

}  // namespace

FaultVfs& FaultVfs::instance() {
  // Never destroyed: SQLite's registry points to it until the process ends.
  static FaultVfs* instance = new FaultVfs();
  return *instance;
}

FaultVfs::FaultVfs() {
  sqlite3_initialize();
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  auto* layer = new sqlite3_vfs(*real);
  layer->zName = kFaultVfs;
  layer->pAppData = real;
  layer->pNext = nullptr;
  layer->szOsFile = static_cast<int>(sizeof(FaultFile)) + real->szOsFile;
  layer->xOpen = open;
  sqlite3_vfs_register(layer, 0);
}

void FaultVfs::arm(FaultOn on, FaultKind kind, FaultSpan span, uint64_t n) {
  on_ = on;
  kind_ = kind;
  span_ = span;
  left_.store(static_cast<int64_t>(n));
  fired_.store(false);
  armed_.store(true);
}

void FaultVfs::disarm() {
  armed_.store(false);
}

int FaultVfs::next(FaultOn on) {
  if (!armed_.load() || on != on_) return 0;
  const int64_t left = left_.fetch_sub(1) - 1;
  if (left > 0 || (left < 0 && span_ == FaultSpan::once)) return 0;
  fired_.store(true);
  errno = kind_ == FaultKind::disk_full ? ENOSPC : EIO;
  if (kind_ == FaultKind::disk_full && on == FaultOn::write) return SQLITE_FULL;
  switch (on) {
    case FaultOn::write:
      return SQLITE_IOERR_WRITE;
    case FaultOn::sync:
      return SQLITE_IOERR_FSYNC;
    case FaultOn::truncate:
      return SQLITE_IOERR_TRUNCATE;
    case FaultOn::read:
      return SQLITE_IOERR_READ;
  }
  return SQLITE_IOERR;
}

}  // namespace tests
