#include "storage/sqlite/page_sum_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "storage/base/log.h"
#include "storage/sqlite/crc32c.h"

namespace storage {
namespace {

constexpr int kContentBytes = kPageBytes - kPageReservedBytes;
constexpr unsigned char kTag[4] = {'p', 'd', 'k', '1'};
constexpr int kBadPageControl = 0x70646b01;  // a file control of our own; SQLite's are below 100

// Our part of an open database file; the file of the layer below follows it in memory.
struct SumFile {
  sqlite3_file base;
  int64_t bad_page;
  const char* name;
};

SumFile& sum_file(sqlite3_file* file) {
  return *reinterpret_cast<SumFile*>(file);
}
sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(&sum_file(file) + 1);
}
sqlite3_vfs* below(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

uint32_t sum_of(const unsigned char* page, int64_t number) {
  return crc32c(crc32c(0, page, kContentBytes), &number, sizeof(number));
}

bool is_page(int bytes, int64_t offset) {
  return bytes == kPageBytes && offset % kPageBytes == 0;
}

int close(sqlite3_file* file) {
  return below(file)->pMethods->xClose(below(file));
}

int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
  const int code = below(file)->pMethods->xRead(below(file), out, bytes, offset);
  if (code != SQLITE_OK || !is_page(bytes, offset)) return code;
  const int64_t number = offset / kPageBytes + 1;
  if (page_sum_holds(static_cast<const unsigned char*>(out), number)) return SQLITE_OK;
  SumFile& self = sum_file(file);
  self.bad_page = number;
  log::error("a page is not what was written", {{"file", self.name}, {"page", number}});
  return SQLITE_IOERR_DATA;
}

int write(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
  sqlite3_file* real = below(file);
  if (!is_page(bytes, offset)) return real->pMethods->xWrite(real, in, bytes, offset);
  unsigned char page[kPageBytes];
  std::memcpy(page, in, kContentBytes);
  const uint32_t sum = sum_of(page, offset / kPageBytes + 1);
  std::memcpy(page + kContentBytes, &sum, 4);
  std::memcpy(page + kContentBytes + 4, kTag, 4);
  return real->pMethods->xWrite(real, page, bytes, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return below(file)->pMethods->xTruncate(below(file), size);
}
int sync(sqlite3_file* file, int flags) {
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
  if (op == kBadPageControl) {
    *static_cast<int64_t*>(arg) = sum_file(file).bad_page;
    return SQLITE_OK;
  }
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

// Version 2: with shared memory, without memory-mapped reads, which would pass by the verification.
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
  sqlite3_vfs* real = below(vfs);
  if (!(flags & SQLITE_OPEN_MAIN_DB)) return real->xOpen(real, name, file, flags, flags_out);
  SumFile& self = *new (file) SumFile{{nullptr}, 0, name};
  std::memset(below(file), 0, static_cast<size_t>(real->szOsFile));
  const int code = real->xOpen(real, name, below(file), flags, flags_out);
  if (below(file)->pMethods) self.base.pMethods = &kMethods;
  return code;
}

// Forwarded with the layer's own VFS, which a copied pointer would not be given.
int remove(sqlite3_vfs* vfs, const char* name, int sync_dir) {
  return below(vfs)->xDelete(below(vfs), name, sync_dir);
}
int access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  return below(vfs)->xAccess(below(vfs), name, flags, out);
}
int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return below(vfs)->xFullPathname(below(vfs), name, size, out);
}
int last_error(sqlite3_vfs* vfs, int size, char* out) {
  return below(vfs)->xGetLastError(below(vfs), size, out);
}

}  // namespace

bool page_sum_holds(const unsigned char* page, int64_t number) {
  uint32_t sum;
  std::memcpy(&sum, page + kContentBytes, 4);
  if (sum == sum_of(page, number) && std::memcmp(page + kContentBytes + 4, kTag, 4) == 0)
    return true;
  // A page that was allocated and given up before it was ever written is a hole in the file.
  return std::all_of(page, page + kPageBytes, [](unsigned char byte) { return byte == 0; });
}

std::string page_sum_vfs(std::string_view base) {
  std::string name = "paddock-page-sum";
  if (!base.empty()) name += "+" + std::string(base);
  sqlite3_initialize();
  sqlite3_mutex* mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);
  sqlite3_mutex_enter(mutex);
  if (!sqlite3_vfs_find(name.c_str())) {
    sqlite3_vfs* real = sqlite3_vfs_find(base.empty() ? nullptr : std::string(base).c_str());
    if (real) {
      auto* layer = new sqlite3_vfs(*real);
      char* stays = new char[name.size() + 1];
      std::memcpy(stays, name.c_str(), name.size() + 1);
      layer->zName = stays;
      layer->pAppData = real;
      layer->pNext = nullptr;
      layer->szOsFile = static_cast<int>(sizeof(SumFile)) + real->szOsFile;
      layer->xOpen = open;
      layer->xDelete = remove;
      layer->xAccess = access;
      layer->xFullPathname = full_path;
      layer->xGetLastError = last_error;
      sqlite3_vfs_register(layer, 0);
    }
  }
  sqlite3_mutex_leave(mutex);
  return name;
}

int64_t bad_page(sqlite3* db) {
  int64_t page = 0;
  sqlite3_file_control(db, "main", kBadPageControl, &page);
  return page;
}

}  // namespace storage
