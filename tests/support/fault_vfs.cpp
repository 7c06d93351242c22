#include "tests/support/fault_vfs.h"

#include <cerrno>

#include "storage/sqlite/vfs_layer.h"

namespace tests {
namespace {

struct FaultFile {
  sqlite3_file base;
};

using Layer = storage::VfsLayer<FaultFile>;

FaultVfs& faults() {
  return FaultVfs::instance();
}

int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
  if (const int code = faults().next(FaultOn::read)) return code;
  return Layer::below(file)->pMethods->xRead(Layer::below(file), out, bytes, offset);
}
int write(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
  if (const int code = faults().next(FaultOn::write)) {
    // As a disk does it: the first half may have got there.
    (void)Layer::below(file)->pMethods->xWrite(Layer::below(file), in, bytes / 2, offset);
    errno = code == SQLITE_FULL ? ENOSPC : EIO;
    return code;
  }
  return Layer::below(file)->pMethods->xWrite(Layer::below(file), in, bytes, offset);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = faults().next(FaultOn::truncate)) return code;
  return Layer::below(file)->pMethods->xTruncate(Layer::below(file), size);
}
int sync(sqlite3_file* file, int flags) {
  if (const int code = faults().next(FaultOn::sync)) return code;
  return Layer::below(file)->pMethods->xSync(Layer::below(file), flags);
}
constexpr sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods = Layer::methods();
  methods.xRead = read;
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  return methods;
}();

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  return Layer::open(vfs, name, file, flags, flags_out, kMethods, {{nullptr}});
}

}  // namespace

FaultVfs& FaultVfs::instance() {
  // Never destroyed: SQLite's registry points to it until the process ends.
  static FaultVfs* instance = new FaultVfs();
  return *instance;
}

FaultVfs::FaultVfs() {
  sqlite3_initialize();
  Layer::put(kFaultVfs, sqlite3_vfs_find(nullptr), open);
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
