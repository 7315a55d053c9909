"""Records named the figures they rest on by the digest of the whole table, before by that of their label."""

from __future__ import annotations

TRUTHS = {
    "cd28e9f0b0b1c05bf95a9732f35a75f0181809acfc997cca6c66caf074a71439": {
        "cifar10_test_108": "d6e1d2551c83af35dde5c85de66f1b810ee08521b1701cf4a3f46f75c111a9b0",
    },
    "a96d1a841dce69c1607b4a7e0ec4a535137e1cd06e028d4e35171f9764aa468b": {
        "cifar10_test_108": "878e888fc257950f434d391887f777b62d2e04ded0bc66416b8f73e17ef6031e",
    },
    "fe5ced915f941f724c000e06b68a265ef31a68a228c1101dd2ce92febcaf1407": {
        "cifar10_test_108": "428d1e92e5f268bd703d873720edab4869195a42b9df0657cac52dfaa6e49c54",
    },
    "3d301cddc52f53f26c61273dbd64ff31f5749d47c7aeab1ea563b2b2cae79ae5": {
        "cifar10_test_200": "eb2b042fa53107ac05c0340ccabad77ae9633444762639dc3a2c53fce265dae0",
        "cifar100_test_200": "9b8fe31327eb456fd7d7d01da8daf11071d38227d06a160ece936fb03557f1f5",
        "imagenet16_120_test_200": "7dbf2246d9a3da5f818f96cc0fdbc987e94396c7ee1951c7f7b169db3aa05cb8",
        "cifar10_valid_200": "6a27d6cc59dfe8bd0361e5946345e2f3d38e0b44873e1f1beb29bbecdd98acb7",
        "cifar10_valid_run_test_200": "d9231228d4ab473f7d0cfc2fd3634a932e24f56860b6480f2db5b7b0c5d68795",
        "cifar10_test_200_run1": "9c6c46c27679d09b0688505c529094cccb5adabb423abe2a8f9eb20836daf572",
        "cifar10_test_200_run2": "edeb359b32eb87be41ca806d84d0955cf270de0135db453478cc86494ead2adf",
        "cifar10_test_200_run3": "beb5c381368745d7c8a980961a262d040c4015666b33f4f4675bb4fdab613bbd",
        "cifar10_test_200_v1_1_mean": "52534cbb82490b4205aef2c0220a18cf383c67acb3ce0c38df66a869824f3099",
        "cifar10_test_200_v1_1_max": "9630c64f951f17490bdf21bb7172e7fdbd92c283ec702c2ee72d6d08fa8cfc7a",
        "cifar10_test_12": "e92964ab7577485e29124887ea879e2cc513aa2cee7c26f4008afa2002bc5559",
        "cifar10_valid_12": "d8790d0223a0da3166c05a3d6915626d9701c32239c025575eff1c364451c3a3",
        "cifar100_test_12": "ab904c6fc92c90cb02b2620b4bae5c43915f8b79ea4bb8e445b3715da03f898e",
        "cifar100_valid_12": "fb026203ec1cd525a827e8e8a878e8a7ace22822a843c213c1a91258474437ca",
        "imagenet16_120_test_12": "7aafc905c7f57ea040743441cc820af0a28340d5919fe812a4247bdec25b0990",
        "imagenet16_120_valid_12": "0aa4c7e5061b80604ee567d962c5a7ae0dd9e776ac32785ee44718af0684773f",
    },
    "2063c3dd2810ce911c340f3146078ba8f389eb6b421ce42379e7298b439b2ddc": {
        "cifar10_test_50": "727ffd40bbcce19e42e192ecaaa83a4f72254a9a82011ce16e4127495e4e87c2",
        "cifar10_test_50_run1": "64bb28f9b38d2efcac95c96832638c773399618368c0804059a4deb51eb744a0",
        "cifar10_test_50_run2": "3f91180a45f71f999084e830c68dcccfdc7aae87bbb5dc510c092b177ca10e51",
        "cifar10_test_50_run3": "5b1f026a1366aa8f1f6d2c0737bf1a64fd9f5bea58bac5357411cb92cee72e59",
    },
}
"""By digest of a table that was shipped, by label the digest of its figures."""
