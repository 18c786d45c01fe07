# packages: git dash coreutils sed grep findutils tar
# seconds: 400
section() { echo "== $*"; }
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat HOME=$PWD
git config --global init.defaultBranch main; git config --global advice.detachedHead false; git config --global gc.auto 0; git config --global pack.threads 1
section init; git init -q repository && cd repository && git rev-parse --abbrev-ref HEAD 2>/dev/null; ls -a .git | head -n 4
section commit; seq 1 100 >numbers; mkdir d; echo text >d/file; git add . && git commit -q -m first; git log --format='%H %s %an'; git status --short; sed -i 's/^50$/fifty/' numbers; git diff | tail -n 5; git commit -q -a -m second; git log --oneline | wc -l; git rev-parse HEAD
section branch; git checkout -q -b topic HEAD~1; echo new >new; git add new; git commit -q -m third; git checkout -q main; git merge -q -m merged topic; git log --graph --format=%s; git rev-parse HEAD; git branch -a
section conflict; git checkout -q -b left; echo left >d/file; git commit -q -a -m left; git checkout -q main; echo right >d/file; git commit -q -a -m right; git merge left >/dev/null; echo "status $?"; sed -n 1p d/file; git merge --abort; git status --short
section rebase; git checkout -q left; git rebase -q -X theirs main; git log --format=%s -n 2; git checkout -q main
section objects; git cat-file -p HEAD^{tree}; git ls-files -s; git cat-file -t HEAD; git hash-object numbers; git count-objects | sed 's/,.*//'
section gc; git gc -q --prune=now 2>&1; find .git/objects -name '*.pack' | wc -l; git fsck --full 2>&1 | grep -v dangling; git count-objects; git verify-pack -v .git/objects/pack/*.idx | grep -c blob
section clone; cd ..; git clone -q repository copy && git -C copy log --format=%s -n 1 && git -C copy rev-parse HEAD; git clone -q --bare --no-local repository bare.git && git -C bare.git rev-parse main; cd copy; echo more >more; git add more; git commit -q -m more; git push -q ../bare.git main && git -C ../bare.git log --format=%s -n 1; cd ../repository; git pull -q --ff-only ../bare.git main; git log --format=%s -n 1
section tags; git tag -a v1 -m one; git describe; git tag; git show -s --format=%s v1^{commit}
section search; git grep -n fifty; git blame -s numbers | sed -n 50p | sed 's/^[^ ]* *//'; git log -S fifty --format=%s
section stash; echo changed >numbers; git stash -q; wc -l <numbers; git stash pop -q; cat numbers; git checkout -q numbers
section archive; git archive HEAD | tar -tf - 2>/dev/null | wc -l; git bundle create -q ../b.bundle main 2>/dev/null; git bundle verify -q ../b.bundle 2>/dev/null && echo sound; git format-patch -q -1 --stdout | grep -c '^Subject'
section hooks; printf '#!/bin/sh\necho hook runs\nexit 1\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; echo z >z; git add z; git commit -q -m refused 2>&1; echo "status $?"
section end
