// VfsLayer: the plain part of a layer under SQLite. Every call of a file goes to the file of the
// layer below, which follows the layer's own part in memory; a layer replaces the calls that it is
// about. Thread: any. Owns: nothing; registered layers live until the process ends.
#pragma once

#include <sqlite3.h>

#include <cstring>
#include <new>

namespace storage {

// File: the layer's own part of an open file; its first member is `sqlite3_file base`.
template <class File>
struct VfsLayer {
  static File& own(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* below(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(&own(file) + 1);
  }
  static sqlite3_vfs* below(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

  // Version 2: with shared memory, without memory-mapped reads, which would pass by a layer.
  static constexpr sqlite3_io_methods methods() {
    return {2,        close,       read,       write,        truncate,    sync,   file_size,
            lock,     unlock,      check_lock, file_control, sector_size, traits, shm_map,
            shm_lock, shm_barrier, shm_unmap,  nullptr,      nullptr};
  }

  // Opens the file below and makes this layer's part of it, which answers by `methods`.
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out,
                  const sqlite3_io_methods& methods, File part) {
    sqlite3_vfs* real = below(vfs);
    File& self = *new (file) File(part);
    std::memset(below(file), 0, static_cast<size_t>(real->szOsFile));
    const int code = real->xOpen(real, name, below(file), flags, flags_out);
    if (below(file)->pMethods) self.base.pMethods = &methods;
    return code;
  }

  // A layer over `real` that opens files by `open`. `name` must live as long as the process.
  static void put(const char* name, sqlite3_vfs* real, decltype(sqlite3_vfs::xOpen) open) {
    auto* layer = new sqlite3_vfs(*real);
    layer->zName = name;
    layer->pAppData = real;
    layer->pNext = nullptr;
    layer->szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
    layer->xOpen = open;
    // Given the VFS that they belong to, which copied pointers would not be.
    layer->xDelete = [](sqlite3_vfs* vfs, const char* file, int sync_dir) {
      return below(vfs)->xDelete(below(vfs), file, sync_dir);
    };
    layer->xAccess = [](sqlite3_vfs* vfs, const char* file, int flags, int* out) {
      return below(vfs)->xAccess(below(vfs), file, flags, out);
    };
    layer->xFullPathname = [](sqlite3_vfs* vfs, const char* file, int size, char* out) {
      return below(vfs)->xFullPathname(below(vfs), file, size, out);
    };
    layer->xGetLastError = [](sqlite3_vfs* vfs, int size, char* out) {
      return below(vfs)->xGetLastError(below(vfs), size, out);
    };
    sqlite3_vfs_register(layer, 0);
  }

 private:
  static const sqlite3_io_methods& to(sqlite3_file* file) { return *below(file)->pMethods; }

  static int close(sqlite3_file* f) { return to(f).xClose(below(f)); }
  static int read(sqlite3_file* f, void* out, int bytes, sqlite3_int64 at) {
    return to(f).xRead(below(f), out, bytes, at);
  }
  static int write(sqlite3_file* f, const void* in, int bytes, sqlite3_int64 at) {
    return to(f).xWrite(below(f), in, bytes, at);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    return to(f).xTruncate(below(f), size);
  }
  static int sync(sqlite3_file* f, int flags) { return to(f).xSync(below(f), flags); }
  static int file_size(sqlite3_file* f, sqlite3_int64* size) {
    return to(f).xFileSize(below(f), size);
  }
  static int lock(sqlite3_file* f, int level) { return to(f).xLock(below(f), level); }
  static int unlock(sqlite3_file* f, int level) { return to(f).xUnlock(below(f), level); }
  static int check_lock(sqlite3_file* f, int* out) {
    return to(f).xCheckReservedLock(below(f), out);
  }
  static int file_control(sqlite3_file* f, int op, void* argument) {
    return to(f).xFileControl(below(f), op, argument);
  }
  static int sector_size(sqlite3_file* f) { return to(f).xSectorSize(below(f)); }
  static int traits(sqlite3_file* f) { return to(f).xDeviceCharacteristics(below(f)); }
  static int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return to(f).xShmMap(below(f), page, size, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int offset, int count, int flags) {
    return to(f).xShmLock(below(f), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* f) { to(f).xShmBarrier(below(f)); }
  static int shm_unmap(sqlite3_file* f, int remove) { return to(f).xShmUnmap(below(f), remove); }
};

}  // namespace storage
