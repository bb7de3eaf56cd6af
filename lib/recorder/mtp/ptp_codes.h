/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers of PIMA 15740:2000 (PTP), of MTP 1.1 and of Android's extensions, as far as a docking needs them.
 */

enum ptp_operation {
        PTP_GET_DEVICE_INFO = 0x1001,
        PTP_OPEN_SESSION = 0x1002,
        PTP_CLOSE_SESSION = 0x1003,
        PTP_GET_STORAGE_IDS = 0x1004,
        PTP_GET_STORAGE_INFO = 0x1005,
        PTP_GET_OBJECT_HANDLES = 0x1007,
        PTP_GET_OBJECT_INFO = 0x1008,
        PTP_GET_OBJECT = 0x1009,
        PTP_DELETE_OBJECT = 0x100b,
        PTP_GET_DEVICE_PROP_DESC = 0x1014,
        PTP_GET_DEVICE_PROP_VALUE = 0x1015,
        PTP_SET_DEVICE_PROP_VALUE = 0x1016,
        PTP_GET_PARTIAL_OBJECT = 0x101b,
        MTP_GET_OBJECT_PROP_VALUE = 0x9803,
        MTP_GET_OBJECT_PROP_LIST = 0x9805,
        ANDROID_GET_PARTIAL_OBJECT_64 = 0x95c1,
};

enum ptp_response {
        PTP_OK = 0x2001,
        PTP_SESSION_NOT_OPEN = 0x2003,
        PTP_OPERATION_NOT_SUPPORTED = 0x2005,
        PTP_PARAMETER_NOT_SUPPORTED = 0x2006,
        PTP_INCOMPLETE_TRANSFER = 0x2007,
        PTP_INVALID_OBJECT_HANDLE = 0x2009,
        PTP_DEVICE_PROP_NOT_SUPPORTED = 0x200a,
        PTP_OBJECT_WRITE_PROTECTED = 0x200d,
        PTP_STORE_READ_ONLY = 0x200e,
        PTP_ACCESS_DENIED = 0x200f,
        PTP_STORE_NOT_AVAILABLE = 0x2013,
        PTP_DEVICE_BUSY = 0x2019,
        PTP_INVALID_PARAMETER = 0x201d,
        PTP_SESSION_ALREADY_OPEN = 0x201e,
        PTP_TRANSACTION_CANCELLED = 0x201f,
};

enum ptp_event {
        PTP_EVENT_CANCEL_TRANSACTION = 0x4001,
        PTP_EVENT_STORE_ADDED = 0x4004,
};

enum ptp_device_prop {
        PTP_PROP_BATTERY_LEVEL = 0x5001,
        PTP_PROP_DATE_TIME = 0x5011,
};

enum ptp_format {
        PTP_FORMAT_ASSOCIATION = 0x3001,
};

enum mtp_object_prop {
        MTP_OBJECT_FORMAT = 0xdc02,
        MTP_PROTECTION_STATUS = 0xdc03,
        MTP_OBJECT_SIZE = 0xdc04,
        MTP_OBJECT_FILE_NAME = 0xdc07,
        MTP_DATE_CREATED = 0xdc08,
        MTP_DATE_MODIFIED = 0xdc09,
        MTP_PARENT_OBJECT = 0xdc0b,
};

enum ptp_datatype {
        PTP_INT8 = 1,
        PTP_UINT8 = 2,
        PTP_INT16 = 3,
        PTP_UINT16 = 4,
        PTP_INT32 = 5,
        PTP_UINT32 = 6,
        PTP_INT64 = 7,
        PTP_UINT64 = 8,
        PTP_INT128 = 9,
        PTP_UINT128 = 10,
        PTP_ARRAY = 0x4000, /* | one of the above */
        PTP_STRING = 0xffff,
};

/* Class requests on endpoint 0: USB Still Image Capture Device 1.0, section 5.2. */
enum ptp_class_request {
        PTP_CLASS_CANCEL = 0x64,
        PTP_CLASS_RESET = 0x66,
        PTP_CLASS_STATUS = 0x67,
};

#define PTP_HANDLE_ROOT    0xffffffffU /* as the parent in GetObjectHandles: objects without a parent */
#define PTP_HANDLE_ALL     0U          /* there: every object of the storage */
#define PTP_LENGTH_UNKNOWN 0xffffffffU
