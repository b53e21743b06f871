# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions and instance classes Aurora PostgreSQL offers here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sandbox.rds.errors import RdsError, invalid_combination

POSTGRES = "aurora-postgresql"
# The real minor versions of each major version (2026); the region's default is the newest of the data plane's.
MINORS = {15: (12, 13, 14), 16: (8, 9, 10), 17: (4, 5, 6, 7), 18: (1, 2)}
CLASSES = tuple(
    f"db.{family}.{size}"
    for family, sizes in (
        ("t3", ("medium", "large")),
        ("t4g", ("medium", "large")),
        ("r5", ("large", "xlarge", "2xlarge", "4xlarge")),
        ("r6g", ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge")),
        ("r7g", ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge")),
        ("r8g", ("large", "xlarge", "2xlarge")),
    )
    for size in sizes
) + ("db.serverless",)
# The first major version that a family is offered with. AWS's own list changes all the time
# (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html): this one
# stands for whatever an older version does not offer.
SINCE = {"r8g": 16}


class Engines:
    """The offer, given the major version of the PostgreSQL servers behind the clusters."""

    def __init__(self, major: int, others: Iterable[str] = ()) -> None:
        """
        :param others: versions that are offered besides, where the servers are not older.
        """
        self.major = major
        majors = sorted({*(known for known in MINORS if known <= major), major})
        offered = {(known, minor) for known in majors for minor in MINORS.get(known, (1, 2))}
        offered |= {pair for pair in map(_numbers, others) if pair and pair[0] <= major}
        self.versions = [f"{known}.{minor}" for known, minor in sorted(offered)]

    @property
    def default(self) -> str:
        """The version of a cluster that asks for none; newer than the seeded clusters'."""
        return self.versions[-1]

    @property
    def seeded(self) -> str:
        """The version of the clusters that are there at the start."""
        return self.versions[-3] if self.major in MINORS and len(MINORS[self.major]) > 2 else self.versions[-2]

    def check(self, version: str) -> str:
        """A version that is offered; a bare major version means its newest minor."""
        matching = [known for known in self.versions if known == version or known.startswith(f"{version}.")]
        if not matching:
            raise invalid_combination(f"Cannot find version {version} for {POSTGRES}")
        return matching[-1]

    def check_restore(self, have: str, wanted: str) -> None:
        """A snapshot can be restored into its own version or a newer minor. (AWS can upgrade to some major versions on
        the way; the servers here can't.)"""
        if major(have) != major(wanted) or minor(wanted) < minor(have):
            raise invalid_combination(f"Cannot find upgrade path from {have} to {wanted}.")

    def check_class(self, instance_class: str, version: str) -> None:
        if instance_class not in classes_of(version):
            raise RdsError(
                "InvalidParameterCombination",
                f"RDS does not support creating a DB instance with the following combination: DBInstanceClass="
                f"{instance_class}, Engine={POSTGRES}, EngineVersion={version}, LicenseModel=postgresql-license. For "
                "supported combinations of instance class and database engine version, see the documentation.",
            )

    def describe_versions(self, default_only: bool, version: str | None, family: str | None) -> list[dict[str, Any]]:
        """For DescribeDBEngineVersions."""
        found = [self.default] if default_only else self.versions
        return [
            {
                "Engine": POSTGRES,
                "MajorEngineVersion": str(major(known)),
                "EngineVersion": known,
                "DBParameterGroupFamily": family_of(known),
                "DBEngineDescription": "Aurora PostgreSQL",
                "DBEngineVersionDescription": f"Aurora PostgreSQL (compatible with PostgreSQL {known})",
                "ValidUpgradeTarget": self._targets(known),
                "ExportableLogTypes": ["instance", "postgresql"],
                "SupportsLogExportsToCloudwatchLogs": True,
                "SupportsReadReplica": False,
                "SupportedEngineModes": ["provisioned"],
                "SupportedFeatureNames": ["Lambda", "s3Export", "s3Import"],
                "Status": "available",
                "SupportsParallelQuery": False,
                "SupportsGlobalDatabases": True,
                "SupportsBabelfish": False,
                "SupportedCACertificateIdentifiers": ["rds-ca-ecc384-g1", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"],
                "ServerlessV2FeaturesSupport": {"MinCapacity": 0.0, "MaxCapacity": 256.0},
            }
            for known in found
            if (not version or known == version or known.startswith(f"{version}."))
            and (not family or family == family_of(known))
        ]

    def _targets(self, version: str) -> list[dict[str, Any]]:
        """The versions that check_restore lets it become."""
        return [
            {
                "Engine": POSTGRES,
                "EngineVersion": known,
                "Description": f"Aurora PostgreSQL (compatible with PostgreSQL {known})",
                "AutoUpgrade": False,
                "IsMajorVersionUpgrade": False,
                "SupportedEngineModes": ["provisioned"],
                "SupportsParallelQuery": False,
                "SupportsGlobalDatabases": True,
                "SupportsBabelfish": False,
            }
            for known in self.versions
            if major(known) == major(version) and minor(known) > minor(version)
        ]

    def describe_options(self, region: str, version: str | None, instance_class: str | None) -> list[dict[str, Any]]:
        """For DescribeOrderableDBInstanceOptions."""
        return [
            {
                "Engine": POSTGRES,
                "EngineVersion": known,
                "DBInstanceClass": offered,
                "LicenseModel": "postgresql-license",
                "AvailabilityZones": [{"Name": f"{region}{zone}"} for zone in "abc"],
                "MultiAZCapable": False,
                "ReadReplicaCapable": False,
                "Vpc": True,
                "SupportsStorageEncryption": True,
                "StorageType": storage,
                "SupportsIops": storage == "aurora-iopt1",
                "SupportsEnhancedMonitoring": True,
                "SupportsIAMDatabaseAuthentication": True,
                "SupportsPerformanceInsights": True,
                "SupportedEngineModes": ["provisioned"],
                "SupportsStorageAutoscaling": False,
                "SupportsKerberosAuthentication": True,
                "OutpostCapable": False,
                "SupportsGlobalDatabases": True,
                "SupportedNetworkTypes": ["DUAL", "IPV4"],
                "SupportsClusters": True,
            }
            for known in self.versions
            if not version or known == version
            for offered in classes_of(known)
            if not instance_class or offered == instance_class
            for storage in ("aurora", "aurora-iopt1")
        ]


def classes_of(version: str) -> list[str]:
    """The instance classes that are offered with a version."""
    return [known for known in CLASSES if SINCE.get(known.split(".")[1], 0) <= major(version)]


def _numbers(version: str) -> tuple[int, int] | None:
    """Major and minor of a version in its usual form."""
    found = re.fullmatch(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def major(version: str) -> int:
    return int(version.split(".")[0])


def minor(version: str) -> int:
    return int((version.split(".") + ["0"])[1])


def family_of(version: str) -> str:
    """The parameter group family of a version."""
    return f"{POSTGRES}{major(version)}"
