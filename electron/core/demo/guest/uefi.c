// The demo guest for UEFI machines (aarch64 and x86_64): no operating system, only this program.
// It does exactly what bios.S does and shares its disk layout, so one disk starts on all of them.
// It finds its disk by the words "FLOECONF", writes through EFI_BLOCK_IO_PROTOCOL, and waits between two numbers
// on a timer event, which lets the processor sleep (Stall would spin).

typedef unsigned long long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#ifdef __x86_64__
#define EFIAPI __attribute__((ms_abi))
#else
#define EFIAPI
#endif

enum { CONFIG_LBA = 16, STATE_LBA = 24, RING_LBA = 64, DATA_LBA = 4096 };

typedef struct BlockIo BlockIo;
typedef struct {
  u32 mediaId;
  u8 removable, present, partition, readOnly, caching, padding[3];
  u32 blockSize, align;
  u64 lastBlock;
} Media;
struct BlockIo {
  u64 revision;
  Media *media;
  u64(EFIAPI *reset)(BlockIo *, u8);
  u64(EFIAPI *read)(BlockIo *, u32, u64, u64, void *);
  u64(EFIAPI *write)(BlockIo *, u32, u64, u64, const void *);
  u64(EFIAPI *flush)(BlockIo *);
};
typedef struct TextOut TextOut;
struct TextOut {
  void *reset;
  u64(EFIAPI *write)(TextOut *, const u16 *);
};
typedef struct {
  u8 header[24];
  void *tpl[2], *memory[5];
  u64(EFIAPI *createEvent)(u32, u64, void *, void *, void **);
  u64(EFIAPI *setTimer)(void *, u32, u64);
  u64(EFIAPI *waitForEvent)(u64, void **, u64 *);
  void *events[3], *protocols[3];
  u64(EFIAPI *handleProtocol)(void *, const void *, void **);
  void *reserved, *notify, *locate, *path, *config;
  void *images[5];
  void *monotonic, *stall;
  u64(EFIAPI *watchdog)(u64, u64, u64, void *);
  void *connect[2], *open[3], *perHandle;
  u64(EFIAPI *locateHandles)(u32, const void *, void *, u64 *, void ***);
} BootServices;
typedef struct {
  u8 header[24];
  void *vendor;
  u64 revision;
  void *inHandle, *in, *outHandle;
  TextOut *out;
  void *errorHandle, *error, *runtime;
  BootServices *boot;
} SystemTable;

_Static_assert(__builtin_offsetof(BootServices, handleProtocol) == 152, "UEFI 2.x layout");
_Static_assert(__builtin_offsetof(BootServices, watchdog) == 256, "UEFI 2.x layout");
_Static_assert(__builtin_offsetof(BootServices, locateHandles) == 312, "UEFI 2.x layout");
_Static_assert(__builtin_offsetof(SystemTable, boot) == 96, "UEFI 2.x layout");

#define PAGE __attribute__((aligned(4096)))
static u32 body[1024] PAGE;
static u8 record[512] PAGE;
static u32 state[128] PAGE; // "FLOEDEMO", counter (64 bit), CRC-32 of these 16 bytes
static u32 config[128] PAGE; // "FLOECONF", blocks, pause in ticks, pause in 100 ns

static u32 mix(u32 x) {
  x *= 0x9e3779b1u;
  x ^= x >> 15;
  x *= 0x85ebca6bu;
  return x ^ x >> 13;
}

static u32 crc32(const u8 *bytes, u32 length) {
  u32 crc = ~0u;
  for (u32 i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

static u8 *text(u8 *to, const char *from) {
  while (*from) *to++ = (u8)*from++;
  return to;
}

static u8 *hex(u8 *to, u32 value) {
  for (int shift = 28; shift >= 0; shift -= 4) {
    u8 digit = value >> shift & 15;
    *to++ = digit < 10 ? '0' + digit : 'A' + digit - 10;
  }
  return to;
}

static void tell(TextOut *out, const u8 *from, const u8 *to) {
  u16 line[64];
  u32 length = 0;
  while (from < to) line[length++] = *from++;
  line[length++] = '\r';
  line[length++] = '\n';
  line[length] = 0;
  out->write(out, line);
}

static void write(SystemTable *system, BlockIo *disk, u64 lba, u32 length, const void *from) {
  while (disk->write(disk, disk->media->mediaId, lba, length, from) || disk->flush(disk)) {
    u8 words[64];
    tell(system->out, words, text(words, "FLOE disk refused, trying again"));
  }
}

static BlockIo *findDisk(BootServices *boot) {
  // 964e5b21-6459-11d2-8e39-00a0c969723b
  static const u32 blockIo[4] = {0x964e5b21, 0x11d26459, 0xa000398e, 0x3b7269c9};
  u64 count = 0;
  void **handles = 0;
  boot->locateHandles(2, blockIo, 0, &count, &handles);
  for (u64 i = 0; i < count; i++) {
    BlockIo *disk = 0;
    if (boot->handleProtocol(handles[i], blockIo, (void **)&disk) || !disk) continue;
    Media *media = disk->media;
    if (!media->present || media->partition || media->readOnly || media->blockSize != 512) continue;
    if (disk->read(disk, media->mediaId, CONFIG_LBA, 512, config)) continue;
    if (config[0] == 0x454f4c46 && config[1] == 0x464e4f43) return disk;
  }
  return 0;
}

__attribute__((section(".text.entry"), used)) u64 EFIAPI start(void *image, SystemTable *system) {
  (void)image;
  BootServices *boot = system->boot;
  u8 words[64];
  boot->watchdog(0, 0, 0, 0);
  BlockIo *disk = findDisk(boot);
  if (!disk) {
    tell(system->out, words, text(words, "FLOE disk is missing"));
    return 1;
  }
  disk->read(disk, disk->media->mediaId, STATE_LBA, 512, state);
  if (crc32((u8 *)state, 16) != state[4]) {
    tell(system->out, words, text(words, "FLOE disk is damaged"));
    return 1;
  }
  u64 counter = (u64)state[3] << 32 | state[2];
  void *timer = 0;
  if (config[4]) {
    boot->createEvent(0x80000000u, 8, 0, 0, &timer);
    boot->setTimer(timer, 1, config[4]);
  }
  for (;;) {
    counter++;
    u32 low = (u32)counter, high = (u32)(counter >> 32), block = mix(low) % config[2];

    body[0] = low;
    body[1] = high;
    body[2] = block;
    u32 x = mix(block * 0x9e3779b1u ^ low);
    body[3] = x;
    for (int i = 4; i < 1024; i++) body[i] = x = x * 1664525u + 1013904223u;
    write(system, disk, DATA_LBA + (u64)block * 8, 4096, body);

    for (int i = 0; i < 511; i++) record[i] = ' ';
    record[511] = '\n';
    u8 *end = hex(text(hex(hex(text(record, "FLOE DEMO RECORD "), high), low), " BLOCK "), block);
    hex(text(end, " CRC "), crc32(record, 48));
    write(system, disk, RING_LBA + (low & 1023), 512, record);

    state[2] = low;
    state[3] = high;
    state[4] = crc32((u8 *)state, 16);
    write(system, disk, STATE_LBA, 512, state);

    tell(system->out, words, hex(hex(text(words, "FLOE "), high), low));
    u64 index;
    if (timer) boot->waitForEvent(1, &timer, &index);
  }
}
