// Owns the passwords of ten characters or more that are tried first. Lower case.
const words = `
0000000000 1111111111 1122334455 1223334444 123123123123 1231231234 12341234123 1234512345 123456123456 1234567890
12345678901 123456789012 1234567890a 1234567890q 123456789a1 123456789abc 12345qwert 123qweasdzxc 1q2w3e4r5t 1q2w3e4r5t6y
1qaz2wsx3edc 1qazxsw23edc 3141592654 5555555555 7777777777 9876543210 9999999999 a1b2c3d4e5 aa12345678 aaaaaaaaaa
abc1234567 abcd123456 abcd1234567 abcdefghij abcdefghijk admin12345 admin123456 administrator administrator1 adminadmin
adminadmin1 adminpassword alexander1 asdfasdfasdf asdfghjkl1 asdfghjkl123 baseball123 basketball basketball1 bismillah1
changeme12 changeme123 changemenow chocolate1 christopher computer123 correcthorsebatterystaple default123 drover1234 droverdrover
elizabeth1 facebook123 football123 fuckyou123 helloworld helloworld1 iloveyou12 iloveyou123 iloveyou1234 internet123
letmein123 letmein1234 letmeinplease liverpool1 liverpoolfc manchester manchester1 masterpass michael123 mypassword
mypassword1 newpassword newpassword1 nothing123 opensesame openstack1 p@ssw0rd12 p@ssw0rd123 p@ssword123 pa55word123
pass123456 pass1234567 passpasspass passw0rd12 passw0rd123 password01 password1! password10 password11 password12
password12! password123 password123! password1234 password12345 password123456 password2024 password2025 password2026 passwordpassword
pokemon123 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc1 qazwsxedcrfv qwe123qwe123 qwer123456 qwer1234qwer qwert12345
qwerty1234 qwerty12345 qwerty123456 qwertyqwerty qwertyuiop qwertyuiop1 qwertyuiop123 qwertyuiop[] secret1234 secretsecret
security123 starwars123 summer2024! sunshine12 sunshine123 superman123 superuser1 teamo12345 test123456 testtest12
testtest123 testtesttest thisisatest toor123456 trustno1trustno1 unknown123 user123456 veryverysecret welcome123 welcome1234
welcome123! welcometodrover whatever123 winter2025! x123456789 zaq12wsxcde3 zxcvbnm123 zxcvbnm1234 zxcvbnmasdfghjkl
`;

export const guessedFirst: ReadonlySet<string> = new Set(words.trim().split(/\s+/));
