package pipes

const fionread = 0x4004667f
